"""A fault is skipped with a count, or refused in one sentence; a run never stops for it."""

import logging
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from replicas import break_images, cut, drop_column
from torch.utils.data import DataLoader

from mtu.data import CocoCaptions, DataError, Mixture
from mtu.data.faults import RowFault, decode
from mtu.data.replica import encode, picture, write_coco, write_coco_links


@pytest.fixture
def coco(tmp_path):
    """Rows 0–4 are the first picture's; pictures 1 and 4 of the first file are broken."""
    write_coco(tmp_path / "coco", count=6)
    broken = [*range(5, 10), *range(20, 25)]
    break_images(tmp_path / "coco" / "data" / "train-00000-of-00002.parquet", broken)
    return tmp_path / "coco"


def read(data, epoch=0):
    return [data.draw(index, epoch).target.tobytes() for index in range(len(data))]


def test_broken_pictures_are_skipped_counted_and_replaced(coco, caplog):
    data = CocoCaptions(coco)
    with caplog.at_level(logging.WARNING, "mtu.data"):
        rows = read(data)
    assert len(data) == len(rows) == 12  # the epoch keeps its length
    assert data.report() == {"rows": 2, "files": []}
    assert len(set(rows)) == 10 and read(data) == rows  # replaced, the same way each time
    assert [record.getMessage() for record in caplog.records] == [
        f"COCO Captions: row {k} holds an image that is broken or cut short; it is skipped."
        for k in (1, 4)]


def test_replacements_follow_from_the_seed_and_not_from_what_was_met_before(coco):
    first, second = CocoCaptions(coco, seed=3), CocoCaptions(coco, seed=3)
    wanted = read(first)
    backwards = [second.draw(index, 0).target.tobytes() for index in reversed(range(12))]
    assert backwards[::-1] == wanted
    replaced = {CocoCaptions(coco, seed=seed).draw(1, 0).target.tobytes() for seed in range(20)}
    assert len(replaced) > 5  # not always the same neighbour


def test_a_broken_picture_is_refused_in_one_sentence(coco):
    data = CocoCaptions(coco, on_error="refuse")
    assert data[0].text
    with pytest.raises(DataError) as told:
        data[1]
    assert str(told.value) == (
        "COCO Captions: row 1 holds an image that is broken or cut short.")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_counts_and_refuses_alike_with_workers(coco, workers):
    data = CocoCaptions(coco)
    mixed = Mixture({"t2i": data}, ["t2i"], seed=0)
    loader = DataLoader(mixed, 4, sampler=range(24), num_workers=workers, collate_fn=list)
    rows = [row for batch in loader for row in batch]
    alone = CocoCaptions(coco)
    wanted = [Mixture({"t2i": alone}, ["t2i"], seed=0)[k] for k in range(24)]
    assert [r.target.tobytes() for r in rows] == [r.target.tobytes() for r in wanted]
    assert mixed.report() == {"t2i": {"rows": 2, "files": []}}  # two rows, met more than once
    strict = DataLoader(CocoCaptions(coco, on_error="refuse"), 4, num_workers=workers,
                        collate_fn=list)
    with pytest.raises(DataError) as told:
        list(strict)
    assert str(told.value) == "COCO Captions: row 1 holds an image that is broken or cut short."


def test_a_table_cut_short_is_skipped_by_name_or_refused(coco):
    cut(coco / "data" / "train-00001-of-00002.parquet", 0.6)
    data = CocoCaptions(coco)
    assert len(data) == 6 and data.report()["files"] == [
        "train-00001-of-00002.parquet: is cut short or is no parquet file"]
    with pytest.raises(DataError, match="^COCO Captions: train-00001-of-00002.parquet is cut"):
        CocoCaptions(coco, on_error="refuse")


def test_a_table_without_a_column_is_skipped_by_name_or_refused(coco):
    drop_column(coco / "data" / "train-00000-of-00002.parquet", "image")
    data = CocoCaptions(coco)
    assert len(data) == 6
    assert data.report()["files"] == ["train-00000-of-00002.parquet: has no column image"]
    with pytest.raises(DataError, match="has no column image"):
        CocoCaptions(coco, on_error="refuse")


def test_nothing_left_is_refused_under_either_policy(tmp_path):
    write_coco(tmp_path, count=4)
    for file in tmp_path.rglob("train-*"):
        break_images(file, list(range(20)), keep=0)
    data = CocoCaptions(tmp_path)
    with pytest.raises(DataError, match="64 rows in turn cannot be read; the last one has no im"):
        data[0]
    for file in tmp_path.rglob("train-*"):
        cut(file, 0.1)
    with pytest.raises(DataError, match="holds no row that can be used .train-00000"):
        CocoCaptions(tmp_path)
    with pytest.raises(DataError, match="on_error must be one of skip, refuse"):
        CocoCaptions(tmp_path, on_error="ignore")


def test_a_row_outside_of_the_length(tmp_path):
    write_coco_links(tmp_path, count=4)
    data = CocoCaptions(tmp_path)
    for index in (-1, 4):
        with pytest.raises(IndexError):
            data[index]


IMAGE = picture(np.random.default_rng(0), 40, 32, "blue", [("red", "circle", (4, 4, 20, 20))])
FILES = [encode(IMAGE), encode(IMAGE, "PNG"), encode(IMAGE, "WEBP"), encode(IMAGE, "GIF")]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 2**32))
def test_any_damage_to_a_picture_is_a_fault_or_a_picture(data, seed):
    rng = random.Random(seed)
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    data = data[: rng.randint(0, len(data))] if rng.random() < 0.5 else data
    with pytest.MonkeyPatch.context() as patch:  # a header that claims a huge picture costs time
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 10**6)
        try:
            pixels = decode(bytes(data))
        except RowFault:
            return
    assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
