"""InstructPix2Pix in both forms: parquet, and the authors' folder with seeds.json."""

import json

import numpy as np
import pytest
from replicas import break_images, cut, drop_column, rewrite

from mtu.data import DataError, InstructPix2Pix
from mtu.data.instructpix2pix import PAPER
from mtu.data.replica import write_instructpix2pix, write_instructpix2pix_folder
from mtu.data.tables import held_out


@pytest.fixture
def parquet(tmp_path):
    write_instructpix2pix(tmp_path / "ip2p", count=10)
    return tmp_path / "ip2p"


@pytest.fixture
def folder(tmp_path):
    write_instructpix2pix_folder(tmp_path / "own", count=12)
    return tmp_path / "own"


def test_a_row_is_a_source_an_instruction_and_a_target(parquet):
    data = InstructPix2Pix(parquet)
    table = {record["edit_prompt"] for record in data._table}
    for row in (data[k] for k in range(len(data))):
        assert row.task == "edit" and row.text in table and row.mask is None
        assert row.source.shape == row.target.shape
        changed = np.abs(row.source.astype(int) - row.target).max(-1) > 60
        assert 0.01 < changed.mean() < 0.6  # the thing changes, the ground stays


@pytest.mark.parametrize("form", ["parquet", "folder"])
def test_one_of_several_targets_is_taken_at_random(form, request):
    data = InstructPix2Pix(request.getfixturevalue(form))
    counts = [len({data.draw(k, e).target.tobytes() for e in range(24)}) for k in range(6)]
    assert counts == ([1, 2, 1, 2, 1, 2] if form == "parquet" else [1, 2, 3, 1, 2, 3])
    same = [data.draw(1, e).target.tobytes() for e in range(8)]
    assert same == [data.draw(1, e).target.tobytes() for e in range(8)]
    for epoch in range(6):  # source and target are of one pair, not of two
        row = data.draw(1, epoch)
        changed = np.abs(row.source.astype(int) - row.target).max(-1) > 60
        assert changed.mean() < 0.6


def test_the_papers_split():
    assert held_out(313010, PAPER, True) == PAPER == (281709, 31301, 2000)


def test_the_splits_share_no_instruction_but_the_test_with_the_validation(parquet):
    parts = {split: InstructPix2Pix(parquet, split) for split in ("train", "validation", "test")}
    assert {split: len(data) for split, data in parts.items()} == {
        "train": 18, "validation": 2, "test": 1}
    prompts = {split: {data._table[int(data._rows[data._starts[item]])]["original_prompt"]
                       for item in data._items} for split, data in parts.items()}
    assert not prompts["train"] & prompts["validation"]
    assert prompts["test"] < prompts["validation"]
    assert len(prompts["train"] | prompts["validation"]) == 20


def test_a_broken_target_an_empty_instruction_and_a_missing_column(parquet):
    first, second = sorted(parquet.rglob("*.parquet"))
    break_images(first, [0], "edited_image")
    rewrite(first, lambda table: table.set_column(
        2, "edit_prompt", [["  ", *table.column("edit_prompt").to_pylist()[1:]]]))
    data = InstructPix2Pix(parquet)
    for k in range(len(data)):
        assert data[k].text
    assert data.report() == {"rows": 1, "files": []}
    with pytest.raises(DataError, match="row 0 has no instruction"):
        InstructPix2Pix(parquet, on_error="refuse")[0]
    drop_column(second, "edited_image")
    assert InstructPix2Pix(parquet).report()["files"] == [
        f"{second.name}: has no column edited_image"]


def test_the_authors_folder_with_things_missing(folder):
    seeds = json.loads((folder / "seeds.json").read_text())
    (folder / seeds[0][0] / "prompt.json").unlink()
    (folder / seeds[3][0] / f"{seeds[3][1][0]}_1.jpg").unlink()
    cut(folder / seeds[6][0] / f"{seeds[6][1][0]}_0.jpg", 0.3)
    data = InstructPix2Pix(folder)
    rows = [data[k] for k in range(len(data))]
    assert len(rows) == 11 and data.rows_skipped() == 3
    with pytest.raises(DataError, match="row 0 .0000000. lacks its prompt.json or a picture"):
        InstructPix2Pix(folder, on_error="refuse")[0]
    (folder / "seeds.json").write_text(json.dumps([1, 2]))
    with pytest.raises(DataError, match="no list of names with seeds"):
        InstructPix2Pix(folder)
    cut(folder / "seeds.json")
    with pytest.raises(DataError, match="cut short or is not JSON"):
        InstructPix2Pix(folder)


def test_a_folder_of_neither_form(tmp_path):
    with pytest.raises(DataError, match="neither parquet files of train nor seeds.json"):
        InstructPix2Pix(tmp_path)
