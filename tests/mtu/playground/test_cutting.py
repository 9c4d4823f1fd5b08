"""Edits that cut a thing out: what they are read from, and what comes of a right removal."""

import colorsys

import numpy as np
import pytest

from mtu.evaluation.metrics import psnr
from mtu.playground import atlas
from mtu.playground.cut_words import Cut, cut_of
from mtu.playground.cutting import cut, place_of
from mtu.playground.edits import Edit, apply, sample_edit
from mtu.playground.exactly import Ask, carry_out
from mtu.playground.instructions import instruction
from mtu.playground.render import item_mask, render_array
from mtu.playground.scene import Scene, make_item, sample_scene

requires_glyphs = pytest.mark.skipif(
    atlas.find_font() is None and not atlas.default_path().is_file(),
    reason="the glyph font (fonts-noto-color-emoji) is not installed")
SCENE = Scene("beach", "day", "clear", (make_item("cat", "left"), make_item("balloon", "right")), 5)


@pytest.mark.parametrize(("text", "change"), [
    ("move the cat to the left", Cut("move", "the cat", column="left")),
    ("Could you drag the red balloon over to the right side, please?",
     Cut("move", "the red balloon", column="right")),
    ("bring the bear on the left to the center",
     Cut("move", "the bear on the left", column="middle")),
    ("the palm tree should be in the middle", Cut("move", "the palm tree", column="middle")),
    ("I want the house on the right", Cut("move", "the house", column="right")),
    ("make the small cat bigger", Cut("resize", "the small cat", factor=1.5)),
    ("Shrink the robot a bit.", Cut("resize", "the robot", factor=1 / 1.5)),
    ("the tree on the left is too big", Cut("resize", "the tree on the left", factor=1 / 1.5)),
    ("scale my rocket up", Cut("resize", "my rocket", factor=1.5)),
    ("paint the car green", Cut("recolor", "the car", color="green")),
    ("change the colour of the balloon in the middle to blue",
     Cut("recolor", "the balloon in the middle", color="blue")),
    ("replace the key on the right with a big snake",
     Cut("replace", "the key on the right", new="a big snake")),
    ("an owl instead of the fir tree", Cut("replace", "the fir tree", new="an owl")),
    ("turn the dog into a red car", Cut("replace", "the dog", new="a red car")),
    ("the television at the bottom on the right should go to the left side",
     Cut("move", "the television at the bottom on the right", column="left")),
    ("make the cat high up smaller", Cut("resize", "the cat high up", factor=1 / 1.5)),
    ("paint the balloon in the air green", Cut("recolor", "the balloon in the air", color="green")),
    ("And a small yellow rose at the left, please.", Cut("add", "", new="a small yellow rose")),
    ("add a pink butterfly to the left of the pumpkin", Cut("add", "", new="a pink butterfly")),
    ("on the right, put a cat", Cut("add", "", new="a cat")),
    ("I'd like an owl on the left", Cut("add", "", new="an owl")),
    ("a dog in the middle would be nice", Cut("add", "", new="a dog")),
    ("let it shrink", Cut("resize", "it", factor=1 / 1.5)),
    ("Shift this to the right, please", Cut("move", "this", column="right")),
])
def test_what_is_asked_of_one_thing(text, change):
    read = cut_of(text)
    assert read.factor == pytest.approx(change.factor)
    assert read == Cut(**(vars(change) | {"factor": read.factor}))


@pytest.mark.parametrize("text", [
    "remove the cat", "a cat on the left", "I want a pink balloon", "add a cat and a dog",
    "add a zeppelin",
    "make it night", "paint it blue", "it should be in the city", "make it and this bigger",
    "paint the cat green",  # cats have no colour of their own
    "I don't want the cat on the left", "move the zeppelin to the left", "turn it into a sketch",
    "move the cat and the dog to the left", "put the cat in the city", "the cat", ""])
def test_all_else_is_left_to_the_model(text):
    assert cut_of(text) is None


def outcome(text, source):
    """What comes of an instruction that asks nothing of the model."""
    with pytest.raises(StopIteration) as end:
        next(carry_out(text, source))
    return end.value.value


def test_a_style_asks_nothing_of_the_model_and_the_rest_is_left_to_it():
    source = np.full((8, 8, 3), 40, np.uint8)
    assert (outcome("invert the colours", source) == 215).all()
    assert outcome("make it night", source) is None


@pytest.mark.parametrize(("kind", "least"), [("move", 0.9), ("resize", 0.85), ("recolor", 0.7),
                                             ("replace", 0.9), ("add", 0.9)])
def test_most_instructions_of_these_kinds_are_read_rightly(kind, least):
    rng, read, wrong = np.random.default_rng(8), 0, []
    for _ in range(200):
        scene, edit = None, None
        while edit is None:
            scene = sample_scene(rng)
            edit = sample_edit(rng, scene, kind)
        text = instruction(scene, edit, rng)
        change = cut_of(text)
        if change is not None:
            wanted = {"move": change.column, "recolor": change.color, "replace": edit.value,
                      "resize": "bigger" if change.factor > 1 else "smaller",
                      "add": edit.value}[change.kind]
            read += 1
            wrong += [text] * (change.kind != kind or wanted != edit.value)
    assert wrong == [] and read >= least * 200


@pytest.mark.parametrize("kind", ["remove_name", "place", "time", "weather", "style"])
def test_no_instruction_of_another_kind_is_taken_for_one(kind):
    from mtu.playground.edits import sample_removal

    rng = np.random.default_rng(9)
    sample = sample_removal if kind.startswith("remove") else sample_edit
    for _ in range(150):
        edit = None
        while edit is None:
            scene = sample_scene(rng)
            edit = sample(rng, scene, kind)
        assert cut_of(instruction(scene, edit, rng)) is None


RED, GREEN, BLUE = (220, 20, 20), (20, 160, 20), (20, 20, 220)


def two_halves():
    """A ground that is blue on the left and green on the right."""
    plate = np.full((256, 256, 3), GREEN, np.uint8)
    plate[:, :128] = BLUE
    return plate


def is_red(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0] > 150) & (picture[..., 1] < 100)


def test_a_thing_is_moved_whole_where_it_has_the_colour_of_what_is_behind_it():
    plate = two_halves()
    source = plate.copy()
    source[196:, 20:80] = RED
    source[220:230, 45:55] = BLUE  # of the thing: enclosed by it
    source[246:, 20:80] = (20, 20, 187)  # nearly that colour, down to the picture's edge
    made = cut(source, plate, Cut("move", "the block", column="right"))
    columns = np.flatnonzero(is_red(made[210]))
    middle = (columns[0] + columns[-1]) // 2
    assert columns[0] > 128 and len(columns) >= 56
    assert (made[224:226, middle] == BLUE).all()
    assert (made[250:, middle] == (20, 20, 187)).all()
    assert (made[:, :128] == BLUE).all()


def test_what_else_a_removal_changed_is_not_moved_along():
    plate = two_halves()
    source = plate.copy()
    source[196:236, 20:80] = RED
    source[100:112, 30:42] = RED  # a smaller part
    source[150:196, 50] = RED  # a line, thinner than any thing
    made = cut(source, plate, Cut("move", "the block", column="right"))
    rows = np.flatnonzero(is_red(made).any(1))
    assert 192 <= rows[0] and rows[-1] <= 240 and (made[:, :128] == BLUE).all()


def test_the_most_frequent_of_many_hues_is_recoloured():
    plate = np.full((256, 256, 3), 200, np.uint8)
    source = plate.copy()
    source[100:140, 50:150] = (255, 0, 0)
    for row, hue in ((140, 0.4), (170, 0.6)):  # the mean of the three hues lies between these two
        source[row : row + 30, 50:150] = [round(255 * v) for v in colorsys.hsv_to_rgb(hue, 1, 1)]
    made = cut(source, plate, Cut("recolor", "the block", color="purple"))
    assert (made[110, 60:140] != source[110, 60:140]).any()
    assert np.array_equal(made[145:195, 60:140], source[145:195, 60:140])


def test_a_soft_edge_is_recoloured_by_as_much_as_it_is_the_thing():
    plate = np.full((256, 256, 3), (200, 150, 150), np.uint8)
    source = plate.copy()
    source[99:161, 99:161] = (229, 150, 150)  # half a thing, half what is behind it
    source[100:160, 100:160] = (255, 0, 0)
    made = cut(source, plate, Cut("recolor", "the block", color="blue")).astype(int)
    assert made[130, 130, 2] > 200 > 100 > made[130, 130, 0]
    assert 165 < made[130, 99, 0] < 215 and 160 < made[130, 99, 2] < 215


def test_a_flat_thing_leaves_room_for_a_tall_one():
    plate = two_halves()
    source = plate.copy()
    source[200:220, 20:80] = RED
    rows, columns = (np.flatnonzero(place_of(source, plate).any(axis)) for axis in (1, 0))
    assert abs(len(rows) - 60) <= 4 and abs(len(columns) - 60) <= 4
    assert abs(int(rows[-1]) - 219) <= 2


def cases(kind: str, count: int):
    """Sources, right plates, changes and right answers of a kind."""
    rng, found = np.random.default_rng(2), 0
    while found < count:
        scene = sample_scene(rng, 2)
        edit = sample_edit(rng, scene, kind)
        change = edit and cut_of(instruction(scene, edit, rng))
        if change:
            found += 1
            plate = render_array(apply(Edit("remove_name", edit.index), scene))
            yield render_array(scene), plate, change, render_array(apply(edit, scene))


@requires_glyphs
@pytest.mark.parametrize(("kind", "least"), [("move", 34.0), ("resize", 23.0), ("recolor", 30.0)])
def test_with_a_right_plate_the_answer_is_nearly_the_truth(kind, least):
    values = []
    for source, plate, change, truth in cases(kind, 12):
        made = cut(source, plate, change)
        values.append(psnr(made, truth) if made is not None else 0.0)
        if kind == "recolor":
            far = (source == plate).all(-1)
            assert np.array_equal(made[far], source[far])
    assert np.median(values) > least, values


@requires_glyphs
def test_a_large_picture_keeps_its_detail():
    plate = render_array(apply(Edit("remove_name", 0), SCENE), 1024)
    source = render_array(SCENE, 1024)
    made = cut(source, plate, Cut("move", "the cat", column="middle"))
    truth = render_array(Scene("beach", "day", "clear",
                               (make_item("cat", "middle"), SCENE.items[1]), 5), 1024)
    assert made.shape == truth.shape and psnr(made, truth) > 32


@requires_glyphs
def test_the_place_of_a_thing_has_room_for_another():
    for index, item in enumerate(SCENE.items):
        plate = render_array(apply(Edit("remove_name", index), SCENE))
        area = place_of(render_array(SCENE), plate)
        thing = item_mask(item)
        assert (area & thing).sum() > 0.97 * thing.sum() and area.mean() < 0.35


@requires_glyphs
def test_nothing_removed_or_everything_is_no_thing():
    source = render_array(SCENE)
    for plate in (source, 255 - source):
        assert cut(source, plate, Cut("move", "the cat", column="left")) is None
        assert place_of(source, plate) is None


@requires_glyphs
def test_another_thing_is_asked_for_where_the_first_one_stood():
    source, plate = render_array(SCENE), render_array(apply(Edit("remove_name", 0), SCENE))
    work = carry_out("replace the cat with a red car", source)
    assert next(work) == Ask("remove the cat")
    ask = work.send(plate)
    assert ask.prompt == "draw a red car here" and ask.area[item_mask(SCENE.items[0])].mean() > 0.97
    assert ask.behind is plate
    with pytest.raises(StopIteration) as end:
        work.send(255 - source)
    assert np.array_equal(end.value.value, 255 - source)
