"""DF2K-OST from a zip, a tar and a folder: sharp squares and their degraded copies."""

import random
import shutil
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replicas import cut

from mtu.data import DataError, RealESRGANPairs
from mtu.data.df2k import PAPER, chosen, square
from mtu.data.replica import write_df2k
from mtu.data.tables import held_out


@pytest.fixture
def zipped(tmp_path):
    write_df2k(tmp_path / "df2k", count=6)
    return tmp_path / "df2k"


@pytest.fixture
def unpacked(zipped, tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(zipped / "df2k.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def tarred(unpacked, tmp_path):
    folder = tmp_path / "tarred"
    folder.mkdir()
    with tarfile.open(folder / "df2k.tar", "w") as archive:
        archive.add(unpacked / "df2k", "df2k")
    return folder


def test_a_row_is_a_square_and_its_degraded_copy(zipped):
    data = RealESRGANPairs(zipped, side=48)
    for k in range(6):
        row = data[k]
        assert row.task == "sr" and row.text == "" and row.kind == "x2"
        assert row.target.shape == row.source.shape == (48, 48, 3)
        assert row.target.dtype == row.source.dtype == np.uint8
        assert not np.array_equal(row.target, row.source)


def test_another_epoch_is_another_square_and_another_degradation(zipped):
    data = RealESRGANPairs(zipped, side=32)
    first, again, other = data.draw(0, 0), data.draw(0, 0), data.draw(0, 1)
    assert np.array_equal(first.source, again.source)
    assert not np.array_equal(first.source, other.source)
    assert len({data.draw(0, epoch).target.tobytes() for epoch in range(8)}) > 1
    fixed = RealESRGANPairs(zipped, "validation", side=32)
    assert len({fixed.draw(0, epoch).target.tobytes() for epoch in range(8)}) == 1


def test_zip_tar_and_folder_hold_the_same_rows(zipped, unpacked, tarred):
    rows = [[row.target.tobytes() + row.source.tobytes() for row in
             (RealESRGANPairs(place, split, side=32)[0] for split in ("train", "val", "test"))]
            for place in (zipped, unpacked, tarred)]
    assert rows[0] == rows[1] == rows[2]


def test_the_papers_split():
    assert held_out(23944, PAPER) == PAPER == (23744, 100, 100)
    names = [f"df2k/OST/OST_{k:05d}.png" for k in range(23944)]
    parts = {split: chosen(names, split) for split in ("train", "validation", "test")}
    assert [len(part) for part in parts.values()] == [23744, 100, 100]
    assert sorted(sum(parts.values(), [])) == names
    moved = chosen([name.replace("df2k/", "elsewhere/") for name in reversed(names)], "test")
    assert [Path(name).name for name in moved] == [Path(name).name for name in parts["test"]]


def test_copies_of_a_picture_stay_together():
    names = [f"DIV2K/{k:04d}{mark}.png" for k in range(300)
             for mark in ("", "T0", "T1", "_s001", "T2_s004")]
    ordered = chosen(names, "test") + chosen(names, "validation") + chosen(names, "train")
    origins = [Path(name).name[:4] for name in ordered]
    changes = sum(a != b for a, b in zip(origins, origins[1:], strict=False))
    assert changes == 299


def test_a_small_picture_is_enlarged_and_a_large_one_is_cut_at_its_own_resolution():
    picture = np.arange(30 * 50 * 3, dtype=np.uint8).reshape(30, 50, 3)
    assert square(picture, 64, None).shape == (64, 64, 3)
    assert np.array_equal(square(picture, 20, None), picture[5:25, 15:35])
    assert square(np.zeros((1, 9000, 3), np.uint8), 64, None).shape == (64, 64, 3)
    rng = np.random.default_rng(0)
    places = {square(picture, 20, rng).tobytes() for _ in range(20)}
    assert len(places) > 5


def test_a_damaged_member_is_skipped_and_counted(zipped):
    data = bytearray((zipped / "df2k.zip").read_bytes())
    start = data.find(b"\x89PNG", len(data) // 3)
    data[start + 60 : start + 90] = bytes(30)  # inside one picture; the archive's list is whole
    (zipped / "df2k.zip").write_bytes(data)
    parts = [RealESRGANPairs(zipped, split, side=32) for split in ("train", "val", "test")]
    for part in parts:
        for k in range(len(part)):
            if len(part) > 1:
                part[k]
    assert sum(part.rows_skipped() for part in parts) == 1


@pytest.mark.parametrize("form", ["zipped", "tarred"])
def test_an_archive_cut_short(form, request):
    folder = request.getfixturevalue(form)
    file = next(folder.glob("df2k.*"))
    cut(file, 0.6)
    with pytest.raises(DataError, match=f"DF2K-OST: {file.name} is cut short or is no"):
        RealESRGANPairs(folder, on_error="refuse")
    if form == "zipped":  # a zip's list stands at its end
        with pytest.raises(DataError, match="holds no row that can be used .df2k.zip: is cut"):
            RealESRGANPairs(folder)
    else:
        data = RealESRGANPairs(folder, side=32)
        assert 5 < len(data) < 16 and data.report()["files"] == [
            "df2k.tar: is cut short or is no tar archive"]
        assert all(data[k].target.shape == (32, 32, 3) for k in range(len(data)))
        assert data.rows_skipped() == 0


def test_a_cut_archive_beside_whole_pictures_is_skipped_by_name(zipped, unpacked):
    shutil.move(unpacked / "df2k" / "OST", zipped / "OST")
    cut(zipped / "df2k.zip")
    data = RealESRGANPairs(zipped, side=32)
    assert len(data) == 4 and data.report()["files"] == [
        "df2k.zip: is cut short or is no zip archive"]
    assert data[0].target.shape == (32, 32, 3)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The bytes of a zip and of a tar of eight pictures."""
    folder = tmp_path_factory.mktemp("packed")
    write_df2k(folder, count=4, side=32)
    with zipfile.ZipFile(folder / "df2k.zip") as archive:
        archive.extractall(folder / "loose")
    with tarfile.open(folder / "df2k.tar", "w") as archive:
        archive.add(folder / "loose", "df2k")
    return {kind: (folder / f"df2k.{kind}").read_bytes() for kind in ("zip", "tar")}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(kind=st.sampled_from(["zip", "tar"]), seed=st.integers(0, 2**32))
def test_any_damage_to_an_archive_is_counted_or_refused(packed, kind, seed):
    rng = random.Random(seed)
    data = bytearray(packed[kind])
    for _ in range(rng.randint(1, 8)):
        near = rng.choice([len(data), 2000])  # a zip's list stands at its end
        data[-1 - rng.randrange(near)] = rng.randrange(256)
    data = data[: rng.randint(1, len(data))] if rng.random() < 0.3 else data
    with TemporaryDirectory() as folder:
        Path(folder, f"df2k.{kind}").write_bytes(data)
        try:
            rows = RealESRGANPairs(folder, side=16)
            assert all(rows[k].target.shape == (16, 16, 3) for k in range(min(len(rows), 3)))
        except DataError as told:
            assert "\n" not in str(told)


@pytest.mark.parametrize(("name", "said"), [
    ("df2k.tar.gz", "compressed tar"), ("df2k.zip.001", "part of a split archive")])
def test_archives_that_must_be_unpacked_first(tmp_path, name, said):
    (tmp_path / name).write_bytes(b"x" * 600)
    with pytest.raises(DataError, match=said):
        RealESRGANPairs(tmp_path, on_error="refuse")
