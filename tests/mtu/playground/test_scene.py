"""Scenes: sampling is seeded, in bounds and free of overlap, and held-out pairs stay held out."""

from dataclasses import replace

import numpy as np
import pytest

from mtu.playground.scene import (
    Scene,
    has_heldout_pair,
    is_heldout_pair,
    is_usual,
    make_item,
    overlaps,
    sample_scene,
    usual_items,
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


def _scene(*items):
    return Scene("beach", "day", "clear", items, 1)


def test_the_usual_layout_is_one_large_two_side_by_side_three_in_a_row():
    one, two, three = (usual_items(["cat", "balloon", "ufo"][:k], ["red"]) for k in (1, 2, 3))
    assert [(item.column, item.size) for item in one] == [("middle", "large")]
    assert [(item.column, item.size) for item in two] == [("left", "medium"), ("right", "medium")]
    assert [(item.column, item.size, item.row) for item in three] == [
        ("left", "small", "down"), ("middle", "small", "up"), ("right", "small", "up")]
    for items in (one, two, three):
        assert is_usual(_scene(*items))
        assert [item.color for item in items] == ["red", None, None][: len(items)]
        assert [item.x for item in items] == sorted(item.x for item in items)
        assert not any(overlaps(a, b, 0) for a, b in zip(items, items[1:], strict=False))


def test_any_other_column_size_row_order_or_number_is_unusual():
    cat, dog = usual_items(["cat", "dog"])
    assert not is_usual(_scene(dog, cat))
    assert not is_usual(_scene(cat, replace(dog, size="small")))
    assert not is_usual(_scene(cat, replace(dog, row="up")))
    assert not is_usual(_scene(cat, replace(dog, column="middle")))
    assert not is_usual(_scene(cat)), "a medium one, on the left"
    assert is_usual(_scene(make_item("balloon", "middle", None, "large", "blue")))


def test_most_scenes_have_the_usual_layout_and_some_count_things_of_one_kind():
    scenes = _scenes(600, "any")
    for count, least, most in ((1, 0.35, 0.65), (2, 0.6, 0.85), (3, 0.6, 0.85)):
        share = np.mean([is_usual(scene) for scene in scenes if len(scene.items) == count])
        assert least < share < most, count
    several = [{item.thing for item in scene.items} for scene in scenes if len(scene.items) > 1]
    assert 0.05 < np.mean([len(names) == 1 for names in several]) < 0.2
    assert all(len(scene.items) == len(names) or len(names) == 1 for scene, names in
               ((scene, {item.thing for item in scene.items}) for scene in scenes))


def test_the_world_is_large_and_every_glyph_is_another():
    assert len(THINGS) >= 100 and sum(not name.startswith("plain") for name in PLACES) >= 15
    assert len({thing.glyph for thing in THINGS.values()}) == len(THINGS)
    names = [name for thing in THINGS.values() for name in thing.names]
    assert len(set(names)) == len(names)


def test_an_unknown_split_is_an_error():
    with pytest.raises(ValueError, match="split must be one of train, heldout, any"):
        sample_scene(np.random.default_rng(0), split="test")


def test_some_things_and_weathers_can_come_up_more_often():
    rng = np.random.default_rng(0)
    scenes = [sample_scene(rng, 1, more_of={"tiger": 50.0, "snow": 8.0}) for _ in range(300)]
    drawn = [scene.items[0].thing for scene in scenes]
    assert 0.2 < drawn.count("tiger") / len(drawn) < 0.5  # 50 / 156
    outdoors = [scene.weather for scene in scenes if PLACES[scene.place].has_weather]
    assert 0.45 < outdoors.count("snow") / len(outdoors) < 0.75  # 1.2 / 2.05
    assert outdoors.count("clear") > 2 * outdoors.count("rain") > 0
