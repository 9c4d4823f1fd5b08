"""Captions: true, complete, varied, grammatical in what can be checked, and seeded."""

import re
from dataclasses import replace

import numpy as np
import pytest
from reading import has_word, things_in

from mtu.playground.captions import caption
from mtu.playground.phrases import plural, relations, with_article
from mtu.playground.scene import Scene, is_usual, make_item, sample_scene, usual_items
from mtu.playground.vocabulary import COLORS, STYLES, THINGS

_TIME_WORDS = {
    "day": ("day", "daytime", "daylight", "daylit"),
    "sunset": ("sunset", "dusk", "evening", "sundown", "twilight"),
    "night": ("night", "night-time", "nighttime", "dark", "midnight"),
}
_SIZES = {"small": ("small", "little", "tiny"), "large": ("large", "big", "huge")}
_COLUMNS = {"left": ("left(?! of)",), "right": ("right(?! of)",),
            "middle": ("middle", "center", "centre")}
_WHERE = ("left", "right", "middle", "center", "centre", "above", "over", "below", "under(?!water)",
          "beneath", "next to", "beside")


def _captioned(count=1500, seed=0):
    rng = np.random.default_rng(seed)
    scenes = [sample_scene(rng, split="any") for _ in range(count)]
    return [(scene, caption(scene, rng)) for scene in scenes]


def _two_things(**changes):
    items = (make_item("cat", "left", size="small"),
             make_item("balloon", "right", size="large", color="blue"))
    return replace(Scene("beach", "night", "clear", items, 1), **changes)


def test_captions_name_every_thing_and_no_other():
    for scene, text in _captioned(3000):
        assert things_in(text) == {item.thing for item in scene.items}, (scene, text)


def test_captions_state_only_colours_sizes_and_columns_that_are_there():
    for scene, text in _captioned():
        text = text.lower().replace("red fox", "fox")  # a synonym
        true = {item.color for item in scene.items} | {scene.place.removeprefix("plain ")}
        if len({item.thing for item in scene.items}) == len(scene.items):
            assert not has_word(text, *(set(COLORS) - true - {"green"})), (scene, text)
        for size, words in _SIZES.items():
            assert not has_word(text, *words) or size in {i.size for i in scene.items}, text
        for column, words in _COLUMNS.items():
            assert not has_word(text, *words) or column in {i.column for i in scene.items}, text


def test_captions_state_only_the_true_time_and_weather():
    for scene, text in _captioned():
        for time, words in _TIME_WORDS.items():
            assert time == scene.time or not has_word(text, *words), (scene.time, text)
        if scene.weather != "rain":
            assert not has_word(text, "rain", "rains", "raining", "rainy", "wet"), text
        if scene.weather != "snow":
            assert not has_word(text, "snows", "snowing", "snowfall", "snowflakes", "wintry"), text
        if scene.weather != "clear":
            assert not has_word(text, "clear"), text


def test_what_is_unusual_is_mostly_mentioned():
    night, day, rain, dry = [], [], [], []
    for scene, text in _captioned():
        if scene.place.startswith(("plain", "space")):
            continue
        said = has_word(text, *_TIME_WORDS[scene.time])
        (day if scene.time == "day" else night).append(said)
        if scene.weather == "rain":
            rain.append(has_word(text, "rain", "rains", "raining", "rainy", "wet"))
        if scene.weather == "clear":
            dry.append(has_word(text, "clear"))
    assert np.mean(night) > 0.85 and np.mean(rain) > 0.9
    assert 0.05 < np.mean(day) < 0.3 and 0.05 < np.mean(dry) < 0.25


def test_colours_are_mostly_mentioned_and_sizes_where_they_are_unusual():
    rng = np.random.default_rng(0)
    texts = [caption(_two_things(), rng) for _ in range(600)]
    assert np.mean([has_word(text, "blue") for text in texts]) > 0.92
    assert 0.6 < np.mean([has_word(text, *_SIZES["large"]) for text in texts]) < 0.9
    alone = _two_things(items=usual_items(["balloon"], ["blue"]))
    texts = [caption(alone, rng) for _ in range(600)]
    assert 0.04 < np.mean([has_word(text, *_SIZES["large"]) for text in texts]) < 0.3


def _places(text, items):
    """Where in the text each item is first named."""
    text = text.lower()
    found = [min(text.find(name) % 9999 for name in THINGS[item.thing].names) for item in items]
    assert 9998 not in found, text
    return found


@pytest.mark.parametrize("things", [("cat", "balloon"), ("dog", "ufo", "house")])
def test_the_usual_layout_is_told_from_left_to_right_and_mostly_without_where(things):
    scene = _two_things(items=usual_items(things))
    rng, said = np.random.default_rng(2), []
    for _ in range(400):
        text = caption(scene, rng)
        said.append(has_word(text, *_WHERE))
        if not said[-1]:
            assert _places(text, scene.items) == sorted(_places(text, scene.items)), text
    assert 0.2 < np.mean(said) < 0.65


def test_things_that_stand_elsewhere_are_mostly_told_where():
    rng = np.random.default_rng(2)
    scenes = [scene for scene in (sample_scene(rng, 2) for _ in range(2000)) if not is_usual(scene)]
    said = {twins: np.mean([has_word(caption(scene, rng), *_WHERE, *sum(_SIZES.values(), ()))
                            for scene in scenes if twins == (scene.items[0].thing
                                                             == scene.items[1].thing)])
            for twins in (False, True)}
    assert said[False] > 0.95 and said[True] > 0.85


def test_three_of_a_kind_are_counted():
    rng = np.random.default_rng(0)
    scene = _two_things(items=usual_items(["balloon"] * 3, ["blue"] * 3))
    texts = [caption(scene, rng).lower() for _ in range(200)]
    assert all(re.search(r"\bthree (?:\w+ )?blue balloons\b", text) for text in texts)
    assert np.mean(["three blue balloons" in text for text in texts]) > 0.8
    mixed = _two_things(items=usual_items(["heart"] * 3, ["blue", None, "green"]))
    for _ in range(100):
        text = caption(mixed, rng).lower()
        assert "three hearts" in text or re.search(r"three \w+ hearts", text), text
        assert has_word(text, "one blue") and has_word(text, "one red"), text


def test_four_hundred_captions_of_a_scene_are_at_least_three_hundred():
    rng = np.random.default_rng(0)
    assert len({caption(_two_things(), rng) for _ in range(400)}) >= 300


def test_relations_follow_the_positions():
    scene = _two_things()
    cat, balloon = scene.items
    assert any("left" in words for words in relations(cat, balloon))
    assert all("right" not in words for words in relations(cat, balloon))
    high = replace(balloon, x=cat.x)
    assert relations(high, cat) == ("above", "over")
    assert relations(cat, high) == ("below", "under", "beneath")
    rng = np.random.default_rng(1)
    for _ in range(600):
        text = caption(scene, rng).lower()
        assert not re.search(r"balloon (?:to the |on the )?left of", text), text
        assert not re.search(r"(?:cat|kitty|kitten) (?:to the |on the )?right of", text), text


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_always_said(style):
    rng = np.random.default_rng(0)
    for _ in range(60):
        text = caption(_two_things(style=style), rng)
        assert things_in(text) == {"cat", "balloon"}
        words = {"black and white": "black and white|mono|gr[ae]yscale", "sepia": "sepia|old photo",
                 "pixel art": "pixel|8-bit", "sketch": "sketch|line drawing",
                 "negative": "negative|inverted", "poster": "poster|flat"}[style]
        assert re.search(words, text.lower()), text


def test_two_of_a_kind_are_counted_or_told_apart():
    rng = np.random.default_rng(0)
    items = (make_item("fox", "left"), make_item("fox", "right"))
    scene = Scene("farm", "day", "clear", items, 1)
    for _ in range(100):
        assert "two foxes" in (text := caption(scene, rng).lower()) or "two red foxes" in text


def test_an_empty_scene_is_its_place():
    rng = np.random.default_rng(0)
    texts = {caption(replace(_two_things(), items=()), rng) for _ in range(100)}
    assert all(has_word(text, "beach", "seaside") and not things_in(text) for text in texts)


def test_articles_plurals_and_punctuation():
    assert [with_article(word) for word in ("cat", "owl", "ufo", "unicorn", "umbrella")] == \
        ["a cat", "an owl", "a ufo", "a unicorn", "an umbrella"]
    assert [plural(word) for word in ("kitty", "bus", "sheep", "slice of pizza", "tropical fish")] \
        == ["kitties", "buses", "sheep", "slices of pizza", "tropical fish"]
    for _, text in _captioned():
        assert "  " not in text and " ," not in text and ",," not in text and "\n" not in text
        assert text == text.strip() and not re.search(r"\ba [aio]", text.lower()), text


def test_the_same_generator_state_gives_the_same_captions():
    assert _captioned(50, 4) == _captioned(50, 4)
    assert _captioned(50, 4) != _captioned(50, 5)
