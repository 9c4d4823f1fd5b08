"""`python -m mtu.data.replica`, `python -m mtu.data.check`, and opening by a recipe's words."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from replicas import cut
from torch.utils.data import DataLoader, Dataset

from mtu.data import SOURCES, DataError, Mixture, Row, batch_pattern, open_data, to_size
from mtu.data import check as check_module
from mtu.data.replica import WRITERS, main

FOLDERS = {"t2i": "coco", "edit": "instructpix2pix", "sr": "df2k", "inpaint": "gqa-inpaint"}


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicas")
    assert main(["--out", str(folder), "--count", "5", "--side", "48"]) == 0
    return folder


def test_the_replica_command_writes_every_form(replicas, capsys):
    assert {path.name for path in replicas.iterdir()} == set(WRITERS)
    assert main(["--out", str(replicas / "again"), "--count", "5", "--side", "48"]) == 0
    for name in ("df2k/df2k.zip", "gqa-inpaint/train_scenes.json"):
        assert (replicas / name).read_bytes() == (replicas / "again" / name).read_bytes()
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert main(["--out", str(replicas), "--count", "1"]) == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("mtu.data.replica: --count")


def test_all_four_tasks_open_from_a_few_words(replicas):
    named = {task: str(replicas / folder) for task, folder in FOLDERS.items()}
    named["inpaint"] = {"source": named["inpaint"], "irrelevant": 0.0, "masks": 1.0}
    data = open_data(named, seed=3, side=32)
    assert set(data) == set(SOURCES) == {"t2i", "edit", "sr", "inpaint"}
    for task, rows in data.items():
        row = rows[0]
        assert row.task == task and rows.seed == 3
        assert (row.source is None) == (task == "t2i")
    assert data["sr"][0].target.shape == (32, 32, 3) and data["inpaint"][0].mask is not None


@pytest.mark.parametrize(("settings", "said"), [
    ({"dance": "x"}, "no data for the task 'dance'"),
    ({"t2i": {"source": "x", "colour": 1}}, "no option 'colour'"),
    ({"t2i": {"source": "x", "seed": 1}}, "no option 'seed'"),
    ({"t2i": "/nowhere/at/all"}, "There is no folder /nowhere/at/all")])
def test_wrong_words_are_one_sentence(settings, said):
    with pytest.raises(DataError, match=said):
        open_data(settings)


def test_the_check_reads_every_row_and_says_what_it_skipped(replicas, tmp_path, capsys):
    main(["--out", str(tmp_path), "--count", "5"])
    capsys.readouterr()
    scenes = tmp_path / "gqa-inpaint"
    assert check_module.main(["inpaint", "--data", str(scenes)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["data"] == "GQA-Inpaint" and said["read"] == said["rows"] > 5
    assert said["skipped"] == {"rows": 0, "files": []}
    for file in list((scenes / "images").iterdir())[:2]:
        cut(file, 0.3)
    assert check_module.main(["inpaint", "--data", str(scenes)]) == 0
    assert json.loads(capsys.readouterr().out)["skipped"]["rows"] > 0
    assert check_module.main(["inpaint", "--data", str(scenes), "--refuse"]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("mtu.data.check: GQA-Inpaint: row") and "\n" not in error
    assert check_module.main(["sr", "--data", str(tmp_path / "none")]) == 2
    assert check_module.main(["sr", "--data", str(tmp_path / "df2k"), "--limit", "0"]) == 2


def test_heavy_libraries_are_imported_only_where_they_are_used():
    heavy = {"datasets", "pyarrow", "pandas", "huggingface_hub", "scipy"}
    for file in Path(check_module.__file__).parent.glob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:  # the module's own level
            names = [alias.name for alias in getattr(node, "names", ())]
            names.append(getattr(node, "module", None) or "")
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert not heavy & {name.split(".")[0] for name in names}, file.name


def test_source_target_and_mask_are_cut_alike():
    y, x = np.mgrid[:40, :60]
    target = np.stack([x * 4, y * 6, x * 0], -1).astype(np.uint8)
    source = np.repeat(np.repeat(target, 2, 0), 2, 1)  # the same picture at twice the size
    mask = x >= 30
    row = Row("inpaint", "", target, source, mask, "remove")
    for rng in (None, np.random.default_rng(1), np.random.default_rng(2)):
        small = to_size(row, 20, rng)
        assert small.target.shape == small.source.shape == (20, 20, 3)
        assert small.mask.shape == (20, 20) and small.mask.dtype == bool
        assert np.abs(small.target.astype(int) - small.source).max() <= 8
        assert np.array_equal(small.mask, small.target[..., 0] > 29.5 * 4)
    lefts = {int(to_size(row, 20, np.random.default_rng(seed)).target[0, 0, 0]) for seed in
             range(30)}
    assert len(lefts) > 8 and max(lefts) <= 21 * 4 and min(lefts) >= 0
    assert int(to_size(row, 20).target[10, 10, 0]) == pytest.approx(31 * 4, abs=5)  # the centre
    assert row.target.shape == (40, 60, 3)  # the row itself stays


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_of_all_four_tasks_stack_at_one_size(replicas, workers):
    named = {task: str(replicas / folder) for task, folder in FOLDERS.items()}
    data = open_data(named, on_error="refuse", side=32)
    mixture = Mixture(data, batch_pattern({"t2i": 3, "edit": 2, "sr": 2, "inpaint": 1}, 8), 0)
    loader = DataLoader(Sized(mixture), 8, num_workers=workers, collate_fn=list,
                        sampler=range(2 * mixture.epoch_rows))
    batches = list(loader)
    assert len(batches) == 2 * mixture.epoch_rows // 8
    for rows in batches:
        assert [row.task for row in rows] == mixture.pattern
        assert np.stack([row.target for row in rows]).shape == (8, 32, 32, 3)
        assert np.stack([row.source for row in rows if row.source is not None]).shape == (
            5, 32, 32, 3)
    assert mixture.report() == {task: {"rows": 0, "files": []} for task in FOLDERS}


class Sized(Dataset):
    """What a trainer does with a mixture: every row at the model's size."""

    def __init__(self, mixture):
        self.mixture = mixture

    def __len__(self):
        return len(self.mixture)

    def __getitem__(self, index):
        return to_size(self.mixture[index], 32, np.random.default_rng(index))
