"""Scenes: sampling is seeded, in bounds and free of overlap, and held-out pairs stay held out."""

import numpy as np
import pytest

from mtu.playground.scene import (
    has_heldout_pair,
    is_heldout_pair,
    make_item,
    overlaps,
    sample_scene,
)
from mtu.playground.vocabulary import COLORS, COLUMNS, PLACES, SIZES, THINGS, TIMES, WEATHERS


def _scenes(count, split="train", seed=0):
    rng = np.random.default_rng(seed)
    return [sample_scene(rng, split=split) for _ in range(count)]


def test_train_never_holds_a_heldout_pair():
    assert not any(has_heldout_pair(scene) for scene in _scenes(400))


def test_heldout_always_holds_one():
    assert all(has_heldout_pair(scene) for scene in _scenes(150, "heldout"))


def test_about_a_tenth_of_the_pairs_is_held_out_whatever_the_order():
    pairs = [(thing, place) for thing in THINGS for place in PLACES]
    held = [is_heldout_pair(*pair) for pair in pairs]
    assert 0.06 < np.mean(held) < 0.14
    assert held == [is_heldout_pair(place, thing) for thing, place in pairs]


def test_every_thing_and_place_stays_trainable():
    for thing in THINGS:
        assert sum(is_heldout_pair(thing, place) for place in PLACES) < len(PLACES) / 2
    for place in PLACES:
        assert sum(is_heldout_pair(thing, place) for thing in THINGS) < len(THINGS) / 2


def test_scenes_use_the_vocabulary_and_suit_their_place():
    for scene in _scenes(300, "any"):
        place = PLACES[scene.place]
        assert scene.time in TIMES and scene.weather in WEATHERS
        assert place.has_time or scene.time == "day"
        assert place.has_weather or scene.weather == "clear"
        assert 1 <= len(scene.items) <= 3
        for item in scene.items:
            assert item.thing in THINGS and item.size in SIZES and item.column in COLUMNS
            assert item.color is None or (item.color in COLORS and THINGS[item.thing].recolorable)


def test_items_lie_inside_the_picture_and_hardly_overlap():
    for scene in _scenes(300, "any"):
        for index, item in enumerate(scene.items):
            left, top, right, bottom = item.box()
            assert left >= -1e-9 and top >= -1e-9 and right <= 1 + 1e-9 and bottom <= 0.97 + 1e-9
            assert not any(overlaps(item, other, 0.02) for other in scene.items[index + 1 :])


def test_columns_are_where_their_names_say():
    for size in SIZES:
        xs = [make_item("cat", column, size=size).x for column in ("left", "middle", "right")]
        assert xs[0] < 0.3 < xs[1] < 0.7 < xs[2]


def test_the_same_seed_gives_the_same_scenes():
    assert _scenes(30, seed=7) == _scenes(30, seed=7)
    assert _scenes(30, seed=7) != _scenes(30, seed=8)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_count_fixes_the_number_of_things(count):
    rng = np.random.default_rng(2)
    assert all(len(sample_scene(rng, count).items) == count for _ in range(20))


def test_an_unknown_split_is_an_error():
    with pytest.raises(ValueError, match="split must be one of train, heldout, any"):
        sample_scene(np.random.default_rng(0), split="test")
