"""Edits: each does what it says and nothing else, and training never meets a held-out pair."""

from dataclasses import replace

import numpy as np
import pytest

from mtu.playground.edits import (
    EDIT_KINDS,
    REMOVAL_KINDS,
    Edit,
    apply,
    sample_edit,
    sample_removal,
    usual_spot,
)
from mtu.playground.scene import (
    Scene,
    has_heldout_pair,
    make_item,
    overlaps,
    sample_scene,
    usual_items,
)
from mtu.playground.vocabulary import COLUMNS, SIZES, THINGS


def _pairs(kind, count=40, split="train", seed=0):
    rng = np.random.default_rng(seed)
    sample = sample_edit if kind in EDIT_KINDS else sample_removal
    found = []
    while len(found) < count:
        scene = sample_scene(rng, split=split)
        edit = sample(rng, scene, kind, split)
        if edit is not None:
            found.append((scene, edit))
    return found


def _others(scene, index):
    return scene.items[:index] + scene.items[index + 1 :]


@pytest.mark.parametrize("kind", EDIT_KINDS + REMOVAL_KINDS)
def test_an_edit_is_of_its_kind_and_changes_the_scene(kind):
    for scene, edit in _pairs(kind):
        assert edit.kind == kind
        assert apply(edit, scene) != scene


@pytest.mark.parametrize("kind", EDIT_KINDS + REMOVAL_KINDS)
def test_training_edits_lead_to_no_heldout_pair(kind):
    assert not any(has_heldout_pair(apply(edit, scene)) for scene, edit in _pairs(kind, 80))


@pytest.mark.parametrize("kind", ["place", "time", "weather", "style"])
def test_whole_picture_edits_change_one_field(kind):
    for scene, edit in _pairs(kind):
        assert apply(edit, scene) == replace(scene, **{kind: edit.value})


@pytest.mark.parametrize("kind", ["replace", "recolor", "resize", "move"])
def test_item_edits_leave_everything_else(kind):
    for scene, edit in _pairs(kind):
        after = apply(edit, scene)
        assert _others(after, edit.index) == _others(scene, edit.index)
        assert replace(after, items=()) == replace(scene, items=())


def test_replace_keeps_the_spot_and_brings_a_new_thing():
    for scene, edit in _pairs("replace"):
        old, new = scene.items[edit.index], apply(edit, scene).items[edit.index]
        assert new.thing == edit.value and new.box() == old.box()
        assert edit.value not in {item.thing for item in scene.items}


def test_add_brings_one_thing():
    for scene, edit in _pairs("add"):
        after = apply(edit, scene)
        assert after.items[:-1] == scene.items and after.items[-1].thing == edit.value


def test_a_thing_added_without_a_word_on_where_takes_the_first_free_spot():
    def spot(*items, thing="cat"):
        return usual_spot(Scene("beach", "day", "clear", items, 1), thing)

    dog, balloon = usual_items(["dog", "balloon"])
    assert spot() == spot(dog) == make_item("cat", "right")
    assert spot(make_item("dog", "right")) == make_item("cat", "left")
    sides = (make_item("fox", column, size="small") for column in ("left", "right"))
    assert spot(*sides) == make_item("cat", "middle")
    assert spot(dog, balloon) == make_item("cat", "right"), "the balloon floats above it"
    assert spot(*usual_items(["dog", "fox"])) is None
    assert spot(make_item("dog", "middle", size="large")) is None
    scene = Scene("beach", "day", "clear", (dog,), 1)
    assert usual_spot(scene, "balloon", "blue") == make_item("balloon", "right", color="blue")


def test_about_half_of_what_is_added_takes_the_usual_spot_and_nothing_is_overlapped():
    pairs = _pairs("add", 80)
    usual = [edit.item == usual_spot(scene, edit.value, edit.item.color) for scene, edit in pairs]
    assert 0.3 < np.mean(usual) < 0.8
    assert not any(overlaps(edit.item, item, 0.02) for scene, edit in pairs for item in scene.items)


def test_recolor_gives_a_colour_the_thing_did_not_have():
    for scene, edit in _pairs("recolor"):
        old = scene.items[edit.index]
        assert edit.value != (old.color or THINGS[old.thing].color)
        assert apply(edit, scene).items[edit.index] == replace(old, color=edit.value)


def test_resize_goes_one_step_in_the_direction_it_says():
    order = list(SIZES)
    for scene, edit in _pairs("resize"):
        old, new = scene.items[edit.index], apply(edit, scene).items[edit.index]
        step = 1 if edit.value == "bigger" else -1
        assert order.index(new.size) - order.index(old.size) == step
        assert (new.scale - old.scale) * step > 0


def test_move_ends_in_the_column_it_says():
    for scene, edit in _pairs("move"):
        old, new = scene.items[edit.index], apply(edit, scene).items[edit.index]
        assert new.column == edit.value != old.column
        assert abs(new.x - COLUMNS[edit.value]) < 0.12 and new.y == old.y


@pytest.mark.parametrize("kind", ["remove_name", "remove_position", "remove_mask"])
def test_removals_take_exactly_one_thing(kind):
    for scene, edit in _pairs(kind):
        assert apply(edit, scene).items == _others(scene, edit.index)


def test_removal_by_position_is_of_the_only_thing_there():
    for scene, edit in _pairs("remove_position"):
        there = [item for item in scene.items if item.column == edit.value]
        assert there == [scene.items[edit.index]]


def test_fill_mask_puts_the_named_thing_into_the_spot():
    for scene, edit in _pairs("fill_mask"):
        after = apply(edit, scene)
        assert after.items[edit.index].thing == edit.value
        assert _others(after, edit.index) == _others(scene, edit.index)


def test_without_a_kind_every_kind_comes():
    rng = np.random.default_rng(5)
    kinds = {edit.kind for _ in range(300) if (edit := sample_edit(rng, sample_scene(rng)))}
    assert kinds == set(EDIT_KINDS)
    kinds = {edit.kind for _ in range(300) if (edit := sample_removal(rng, sample_scene(rng)))}
    assert kinds == set(REMOVAL_KINDS)


def test_the_same_seed_gives_the_same_edits():
    assert _pairs("add", 10, seed=3) == _pairs("add", 10, seed=3)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="no edit of the kind 'explode'"):
        apply(Edit("explode"), sample_scene(np.random.default_rng(0)))
