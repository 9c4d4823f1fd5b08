"""Instructions: name what they are about, tell twins apart, vary, and are seeded."""

from dataclasses import replace

import numpy as np
import pytest
from reading import has_word, things_in

from mtu.playground.edits import (
    EDIT_KINDS,
    REMOVAL_KINDS,
    Edit,
    sample_edit,
    sample_removal,
    usual_spot,
)
from mtu.playground.instructions import instruction
from mtu.playground.scene import Scene, make_item, sample_scene

KINDS = EDIT_KINDS + REMOVAL_KINDS


def _instructed(kind, count=250, seed=0, things=None):
    rng = np.random.default_rng(seed)
    sample = sample_edit if kind in EDIT_KINDS else sample_removal
    found = []
    while len(found) < count:
        scene = sample_scene(rng, things, split="any")
        edit = sample(rng, scene, kind, "any")
        if edit is not None:
            found.append((scene, edit, instruction(scene, edit, rng)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_instructions_are_whole_lines(kind):
    for _, _, text in _instructed(kind):
        assert text and text == text.strip() and not set("{}\n") & set(text), text
        assert "  " not in text and " ," not in text and "None" not in text, text
        assert not text.endswith(("?.", "..")), text


@pytest.mark.parametrize("kind", KINDS)
def test_instructions_name_only_things_of_the_edit(kind):
    for scene, edit, text in _instructed(kind):
        known = {item.thing for item in scene.items}
        assert things_in(text) <= known | ({edit.item.thing} if edit.item else set()), text


@pytest.mark.parametrize("kind", ["replace", "recolor", "remove_name"])
def test_the_item_is_always_named(kind):
    for scene, edit, text in _instructed(kind):
        assert scene.items[edit.index].thing in things_in(text), text


@pytest.mark.parametrize("kind", ["replace", "add", "fill_mask"])
def test_the_thing_that_comes_is_named_with_its_colour(kind):
    for _, edit, text in _instructed(kind):
        assert edit.value in things_in(text), text
        assert not edit.item.color or has_word(text, edit.item.color), text


def test_add_says_where_unless_it_is_the_usual_spot():
    said = {True: [], False: []}
    for scene, edit, text in _instructed("add"):
        usual = edit.item == usual_spot(scene, edit.value, edit.item.color)
        said[usual].append(has_word(
            text, "left", "right", "middle", "center", "centre", "over", "above", "below", "under",
            "beneath", "next", "beside"))
    assert np.mean(said[False]) > 0.99
    assert 0.15 < np.mean(said[True]) < 0.55


@pytest.mark.parametrize("kind,words", [
    ("move", {"left": ("left",), "right": ("right",), "middle": ("middle", "center", "centre")}),
    ("remove_position",
     {"left": ("left",), "right": ("right",), "middle": ("middle", "center", "centre")}),
    ("resize", {"bigger": ("bigger", "larger", "grow", "enlarge", "increase", "up", "small",
                           "huge", "big", "large"),
                "smaller": ("smaller", "shrink", "reduce", "decrease", "down", "big", "tiny",
                            "small", "little")}),
    ("weather", {"rain": ("rain", "rainy", "rains", "raining"),
                 "snow": ("snow", "snowy", "snows", "snowing", "snowfall", "snowflakes"),
                 "clear": ("clear", "stop", "no", "without", "remove", "end", "get rid",
                           "take away", "don't")}),
    ("time", {"day": ("day", "daytime", "daylight"),
              "sunset": ("sunset", "evening", "dusk", "sun", "sundown"),
              "night": ("night", "nighttime", "dark", "midnight")}),
])
def test_the_value_is_said(kind, words):
    for _, edit, text in _instructed(kind):
        assert has_word(text, *words[edit.value]), (edit.value, text)


def test_recolor_says_the_colour():
    assert all(has_word(text, edit.value) for _, edit, text in _instructed("recolor"))


def _twins(**second):
    first = make_item("balloon", "left", size="small", color="red")
    other = replace(first, x=0.8, column="right")
    return Scene("farm", "day", "clear", (first, replace(other, **second)), 1)


def _texts(scene, make, index):
    rng = np.random.default_rng(index)
    return {instruction(scene, make(scene, index), rng).lower() for _ in range(400)}


_MAKERS = {
    "remove_name": lambda scene, index: Edit("remove_name", index),
    "recolor": lambda scene, index: Edit("recolor", index, "purple"),
    "resize": lambda scene, index: Edit(
        "resize", index, "bigger", replace(scene.items[index], size="medium")),
    "replace": lambda scene, index: Edit(
        "replace", index, "cat", replace(scene.items[index], thing="cat", color=None)),
    "move": lambda scene, index: Edit(
        "move", index, "middle", replace(scene.items[index], column="middle")),
}


@pytest.mark.parametrize("kind", _MAKERS)
@pytest.mark.parametrize("second", [
    {}, {"size": "medium"}, {"column": "left"}, {"column": "left", "color": "blue"},
    {"column": "left", "size": "large"}, {"column": "left", "row": "down"},
], ids=["column", "size", "nothing named", "colour", "size only", "row"])
def test_twins_are_told_apart(kind, second):
    scene = _twins(**second)
    assert not _texts(scene, _MAKERS[kind], 0) & _texts(scene, _MAKERS[kind], 1)


@pytest.mark.parametrize("kind", KINDS)
def test_one_edit_is_said_in_many_ways(kind):
    scene, edit, _ = _instructed(kind, 1, seed=6, things=2)[0]
    rng = np.random.default_rng(0)
    assert len({instruction(scene, edit, rng).lower() for _ in range(400)}) >= 60


def test_filling_a_mask_where_nothing_was():
    scene = _twins()
    new = make_item("tree", "middle")
    rng = np.random.default_rng(0)
    texts = [instruction(scene, Edit("fill_mask", None, "tree", new), rng) for _ in range(100)]
    assert all(things_in(text) == {"tree"} for text in texts)


def test_the_same_generator_state_gives_the_same_instructions():
    assert _instructed("add", 30, 2) == _instructed("add", 30, 2)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="no edit of the kind 'explode'"):
        instruction(_twins(), Edit("explode"), np.random.default_rng(0))
