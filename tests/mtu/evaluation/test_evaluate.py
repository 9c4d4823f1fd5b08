"""The command: a whole report of a tiny model, and one clear line for bad input."""

import json

import numpy as np
import pytest
from PIL import Image
from tiny_pipelines import tiny_pipeline

from mtu.evaluate import main
from mtu.evaluation.cases import GROUPS
from mtu.evaluation.grids import LIMIT
from mtu.evaluation.metrics import mean_measures
from mtu.evaluation.report import router_report
from mtu.playground import atlas


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    tiny_pipeline(default_steps=1).save_pretrained(folder)
    return folder


@pytest.mark.usefixtures("glyphs")
def test_it_writes_figures_tables_and_sheets(model, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(model), "--count", "1", "--seed", "3", "--out", str(out)]) == 0
    report = json.loads((out / "report.json").read_text())
    assert list(report["tasks"]) == ["t2i", "edit", "sr", "inpaint"]
    assert report["peak memory in MiB"] > 10
    for task, part in report["tasks"].items():
        assert part["steps"] == 1 and part["seconds a step"] == part["seconds"]
        assert set(part["groups"]) == {*GROUPS[task], "mean"}
        assert part["seconds"] > 0
        assert (out / f"{task}.webp").stat().st_size <= LIMIT
    assert report["tasks"]["t2i"]["groups"]["one thing"]["n"] == 2
    assert report["tasks"]["t2i"]["groups"]["free phrasing"]["n"] == 4
    compared = report["tasks"]["t2i"]["against the grammar"]
    assert {name: part["n"] for name, part in compared.items()} == {
        "free phrasing, one thing": 1, "free phrasing, two things": 1,
        "free phrasing, three things": 1, "free phrasing, counts": 1, "held-out pairs": 1}
    groups = report["tasks"]["t2i"]["groups"]
    assert groups["counts"]["model"]["count"] is not None
    assert groups["usual layout"]["model"]["order"] is not None
    edits = report["tasks"]["edit"]["groups"]
    assert edits["mean"]["untouched"]["right"] == 0
    assert set(report["router"]) == {"t2i", "edit", "sr", "inpaint"}
    assert set(report["reader"]["none"]) >= {"blur", "blend", "empty", "texture"}
    chained = report["tasks"]["edit"]["ten edits"]
    assert len(chained["PSNR"]) == len(chained["outside"]) == 1 and len(chained["PSNR"][0]) == 10
    assert set(report["tasks"]["edit"]["styles"]) == {"black and white"}
    assert set(report["tasks"]["sr"]["seams"]) == {"scenes"}
    table = capsys.readouterr().out
    for title in ("Ten edits in a row", "Seams between tiles", "Style by style", "MiB at most"):
        assert title in table
    assert "Photographs" not in table
    assert table.strip() == (out / "report.md").read_text().strip()
    assert "| one thing | 2 |" in table and "| remove name | 1 |" in table
    assert "| one of two alike | 1 |" in table


def _photos(folder, *sizes):
    rng = np.random.default_rng(0)
    for number, (width, height) in enumerate(sizes):
        pixels = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((width, height)).save(folder / f"{number}.png")


@pytest.mark.usefixtures("glyphs")
def test_photographs_are_enlarged_and_large_ones_looked_at_for_seams(model, tmp_path, capsys):
    _photos(tmp_path, (80, 91), (41, 30))
    out = tmp_path / "out"
    assert main([str(model), "--count", "1", "--tasks", "sr", "--photos", str(tmp_path),
                 "--out", str(out)]) == 0
    part = json.loads((out / "report.json").read_text())["tasks"]["sr"]
    assert part["photographs"]["n"] == 2
    for how in ("clean", "degraded"):
        measures = part["photographs"][how]
        assert measures["gain in dB"] == pytest.approx(
            measures["PSNR"] - measures["bicubic PSNR"], abs=1e-6)
    assert part["seams"]["scenes"]["n"] == part["seams"]["photographs"]["n"] == 1
    assert "Photographs, ×2" in capsys.readouterr().out


@pytest.mark.usefixtures("glyphs")
def test_the_same_seed_gives_the_same_figures(model, tmp_path):
    figures = []
    for name in ("a", "b"):
        folder = tmp_path / name
        assert main([str(model), "--count", "1", "--tasks", "sr", "--out", str(folder)]) == 0
        figures.append(json.loads((folder / "report.json").read_text())["tasks"]["sr"]["groups"])
    assert figures[0] == figures[1]


@pytest.mark.parametrize(("arguments", "says"), [
    (["no/such/model"], "no model"),
    (["MODEL", "--count", "0"], "--count must be at least 1"),
    (["MODEL", "--seed", "-1"], "--seed must not be negative"),
    (["MODEL", "--reader", "/nowhere"], "no scene reader"),
    (["MODEL", "--atlas", "/nowhere.png"], "no atlas at /nowhere.png"),
    (["MODEL", "--tasks", "dance"], "invalid choice"),
    (["MODEL", "--photos", "/nowhere"], "no folder /nowhere"),
    (["MODEL", "--photos", "EMPTY"], "no picture in"),
    (["MODEL", "--photos", "BROKEN"], "a.png cannot be read"),
    (["MODEL", "--photos", "EMPTY", "--tasks", "edit"], "not among the tasks"),
    (["MODEL", "--fast"], "has no fast setting"),
    (["MODEL", "--fast", "--suite", "paper"], "not for the paper"),
])
@pytest.mark.usefixtures("glyphs")
def test_bad_input_is_one_line_and_status_2(model, tmp_path, capsys, arguments, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"no picture")
    stand = {"MODEL": model, "EMPTY": tmp_path / "empty", "BROKEN": tmp_path / "broken"}
    arguments = [str(stand.get(word, word)) for word in arguments]
    try:
        status = main([*arguments, "--out", str(tmp_path)])
    except SystemExit as stop:  # argparse's own way out
        status = stop.code
    error = capsys.readouterr().err
    assert status == 2 and says in error and error.count("\n") == 1


@pytest.mark.usefixtures("glyphs")
def test_a_folder_that_cannot_be_made_is_one_line_and_status_2(model, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(model), "--out", str(tmp_path / "file")]) == 2
    error = capsys.readouterr().err
    assert "cannot be made: File exists" in error and error.count("\n") == 1


def test_a_missing_font_is_one_line_and_status_2(model, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ONEBRUSH_ATLAS", str(tmp_path / "none.png"))
    monkeypatch.setenv("ONEBRUSH_FONT", "")
    monkeypatch.setattr(atlas, "_FONT_PATHS", ())
    assert main([str(model), "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "fonts-noto-color-emoji" in error and error.count("\n") == 1


def test_means_leave_out_what_does_not_apply():
    rows = [{"right": True, "PSNR": None}, {"right": False, "PSNR": 30.0}]
    assert mean_measures(rows) == {"right": 0.5, "PSNR": 30.0}
    assert mean_measures(rows[:1])["PSNR"] is None


def test_routers_that_mix_evenly_have_entropy_one():
    unet = tiny_pipeline().unet
    for name, parameter in unet.named_parameters():
        if "router" in name:
            parameter.data.zero_()
    even = router_report(unet)
    assert all(part["entropy"] == pytest.approx(1, abs=1e-5) for part in even.values())
    assert even["edit"]["mean"] == pytest.approx([0.25] * 4)
