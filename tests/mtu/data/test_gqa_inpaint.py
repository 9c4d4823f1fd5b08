"""GQA-Inpaint: which things a text can single out, what it says, and the pictures behind it."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest
from replicas import cut

from mtu.data import DataError, GQAInpaint
from mtu.data.gqa_inpaint import PAPER
from mtu.data.gqa_scenes import instruction, pairs_of, position
from mtu.data.replica import write_gqa_inpaint
from mtu.data.tables import held_out


@pytest.fixture
def gqa(tmp_path):
    write_gqa_inpaint(tmp_path / "gqa", count=12)
    return tmp_path / "gqa"


def thing(name, box, relations=(), attributes=(), removed=True):
    return {"name": name, "attributes": list(attributes), "bbox": list(box), "bidirected": removed,
            "relations": [{"name": text, "object": other} for text, other in relations]}


def scene(objects, positions=None):
    return {"width": 300, "height": 300, "objects": objects, "image_relative_positions":
            positions or dict.fromkeys(objects, "to the left")}


def texts(pair, count=200):
    rng = np.random.default_rng(0)
    return Counter(instruction(pair, rng) for _ in range(count))


def test_a_thing_alone_of_its_name_is_named_with_or_without_a_relation():
    cup = thing("cup", (0, 0, 50, 50), [("to the left of", "2"), ("on", "3")], ["red", "small"])
    pair = pairs_of("1", scene({"1": cup, "2": thing("dog", (90, 0, 99, 9), removed=False),
                                "3": thing("table", (0, 40, 99, 90), [], ["wooden"], False)}))
    assert [p.key for p in pair] == ["i1-o1"]
    counts = texts(pair[0], 2000)
    assert set(counts) == {f"remove the {a} cup{r}" for a in ("red", "small") for r in (
        "", " at the left of the dog", " on the wooden table")}
    plain = counts["remove the red cup"] + counts["remove the small cup"]
    assert plain == pytest.approx(1000, abs=120)
    assert counts["remove the red cup"] == pytest.approx(500, abs=110)


def test_a_thing_without_relations_is_named_by_its_place():
    pair, = pairs_of("1", scene({"1": thing("cup", (250, 0, 290, 50))}))
    assert set(texts(pair)) == {"remove the cup", "remove the cup at the right"}


def test_two_of_a_name_need_different_places_and_three_are_too_many():
    two = {"1": thing("cup", (0, 0, 50, 50), [("near", "2")]), "2": thing("cup", (250, 0, 290, 50))}
    assert pairs_of("1", scene(two)) == []
    apart = pairs_of("1", scene(two, {"1": "to the left", "2": "to the right"}))
    assert [set(texts(pair)) for pair in apart] == [
        {"remove the cup at the left"}, {"remove the cup at the right"}]  # never bare, no namesake
    three = two | {"3": thing("cup", (100, 0, 140, 50)),
                   "4": thing("hat", (0, 0, 9, 9), [("on", "3")])}
    places = {"1": "to the left", "2": "to the right", "3": "to the center", "4": "to the left"}
    left, = pairs_of("1", scene(three, places))
    assert left.name == "hat" and left.relations == ()  # a cup cannot be pointed at


def test_only_what_was_removed_is_a_pair():
    assert pairs_of("1", scene({"1": thing("cup", (0, 0, 50, 50), removed=False)})) == []


@pytest.mark.parametrize(("width", "box", "said"), [
    (300, (0, 0, 100, 9), "left"), (300, (40, 0, 140, 9), "left"), (300, (60, 0, 190, 9), "center"),
    (300, (0, 0, 200, 9), "center"), (300, (110, 0, 190, 9), "center"),
    (300, (140, 0, 240, 9), "center"), (300, (170, 0, 290, 9), "right"),
    (300, (210, 0, 290, 9), "right"),
    (600, (140, 0, 240, 9), "left"),  # the centre square begins at 150
    (600, (300, 0, 340, 9), "center"), (600, (400, 0, 590, 9), "right")])
def test_the_place_is_found_in_the_centre_square(width, box, said):
    assert position(width, 300, box) == said


def test_a_row_is_a_picture_its_instruction_and_the_picture_without_the_thing(gqa):
    data = GQAInpaint(gqa, irrelevant=0.0)
    for k in range(len(data)):
        row, pair = data[k], data.pairs[k]
        assert row.task == "inpaint" and row.kind == "remove" and row.mask is None
        assert row.text.startswith("remove the ") and pair.name in row.text
        assert row.source.shape == row.target.shape == (64, 64, 3)  # centre squares
        changed = np.abs(row.source.astype(int) - row.target).max(-1) > 60
        assert 0.01 < changed.mean() < 0.2


def test_the_mask_covers_what_changes(gqa):
    data = GQAInpaint(gqa, irrelevant=0.0, masks=1.0)
    for k in range(6):
        row = data[k]
        changed = np.abs(row.source.astype(int) - row.target).max(-1) > 60
        assert row.mask.dtype == bool and row.mask.shape == changed.shape
        assert changed[row.mask].mean() > 0.6 and changed[~row.mask].mean() < 0.05


def test_irrelevant_instructions_leave_the_picture_as_it_is(gqa):
    data = GQAInpaint(gqa)
    here = {pair.image: {p.name for p in data.pairs if p.image == pair.image}
            for pair in data.pairs}
    rows = [(data.pairs[k], data.draw(k, epoch)) for k in range(len(data)) for epoch in range(30)]
    odd = [(pair, row) for pair, row in rows if row.kind == "irrelevant"]
    assert len(odd) / len(rows) == pytest.approx(0.2, abs=0.06)
    for pair, row in odd:
        assert np.array_equal(row.source, row.target)
        assert not any(name in row.text.split(" at ")[0] for name in here[pair.image])
    for split in ("validation", "test"):
        data = GQAInpaint(gqa, split, irrelevant=0.5)
        assert {data.draw(k, e).kind for k in range(len(data)) for e in range(9)} == {"remove"}


def test_the_test_split_has_its_fixed_instructions(gqa):
    data = GQAInpaint(gqa, "test")
    fixed = json.loads((gqa / "test_instructions.json").read_text())
    assert len(data) > 10
    for k, pair in enumerate(data.pairs):
        assert {data.draw(k, epoch).text for epoch in range(3)} == {fixed[pair.key]}


def test_the_papers_split_and_that_no_pair_is_in_two(gqa):
    assert held_out(100098, PAPER, True)[:2] == PAPER[:2] == (90089, 10009)
    train, validation = GQAInpaint(gqa), GQAInpaint(gqa, "validation")
    assert len(train) > 8 * len(validation) > 0
    assert not {p.key for p in train.pairs} & {p.key for p in validation.pairs}
    whole = pairs_of_file(gqa / "train_scenes.json")
    assert [p.key for p in train.pairs + validation.pairs] == whole


def pairs_of_file(file):
    scenes = json.loads(file.read_text())
    return [pair.key for image in scenes for pair in pairs_of(image, scenes[image])]


def test_zipped_as_it_is_published(gqa, tmp_path):
    wanted = [row.target.tobytes() for row in (GQAInpaint(gqa)[k] for k in range(8))]
    packed = tmp_path / "packed"
    packed.mkdir()
    shutil.make_archive(str(packed / "images"), "zip", gqa, "images")
    shutil.rmtree(gqa / "images")
    shutil.make_archive(str(packed / "gqa-inpaint"), "zip", gqa.parent, gqa.name)
    data = GQAInpaint(packed)
    assert [data[k].target.tobytes() for k in range(8)] == wanted
    cut(packed / "images.zip")
    with pytest.raises(DataError, match="images.zip is cut short"):
        GQAInpaint(packed, on_error="refuse")


def test_missing_pictures_are_skipped_or_refused(gqa):
    data = GQAInpaint(gqa, irrelevant=0.0)
    gone, broken = data.pairs[0], data.pairs[3]
    (gqa / "images_inpainted" / gone.image / f"{gone.object}.jpg").unlink()
    cut(gqa / "images_inpainted" / broken.image / f"{broken.object}.jpg", 0.3)
    data = GQAInpaint(gqa, irrelevant=0.0)
    assert all(data[k].text for k in range(len(data))) and data.rows_skipped() == 2
    name = f"images_inpainted/{gone.image}/{gone.object}.jpg"
    with pytest.raises(DataError, match=f"row 0 names {name}, which is not there"):
        GQAInpaint(gqa, on_error="refuse", irrelevant=0.0)[0]


def test_scenes_of_another_form_are_skipped_or_refused(gqa):
    file = gqa / "train_scenes.json"
    scenes = json.loads(file.read_text())
    first, second, third = list(scenes)[:3]
    del scenes[first]["objects"]
    scenes[second] = ["no scene"]
    next(iter(scenes[third]["objects"].values())).pop("name")
    file.write_text(json.dumps(scenes))
    data = GQAInpaint(gqa)
    assert data.report()["files"] == ["scenes: holds 3 scenes of another form"]
    assert data[0].text
    with pytest.raises(DataError, match=f"the scene {first} lacks a field"):
        GQAInpaint(gqa, on_error="refuse")


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda file: cut(file), "cut short or is not JSON"),
    (lambda file: file.write_text("[]"), "holds no JSON object"),
    (lambda file: file.unlink(), "there is no train_scenes.json")])
def test_a_scene_file_that_cannot_be_read_is_refused(gqa, spoil, said):
    spoil(gqa / "train_scenes.json")
    with pytest.raises(DataError, match=said) as told:
        GQAInpaint(gqa)
    assert "\n" not in str(told.value)
