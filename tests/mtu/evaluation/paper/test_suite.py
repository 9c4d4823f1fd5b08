"""The paper's suite from end to end: a tiny model, small data, small weights, five tables."""

import json
import shutil

import numpy as np
import pytest
import torch

from mtu import MTUPipeline
from mtu.evaluate import main
from mtu.evaluation.paper.cases import open_test, request, rows
from mtu.evaluation.paper.clip import ClipFeatures, directional_similarity

SMALL = ["--suite", "paper", "--count", "2", "--fid-features", "64", "--device", "cpu"]


def run(model, data, weights, out, *more) -> dict:
    given = ["--data", str(data), "--metrics-weights", str(weights), "--out", str(out)]
    assert main([str(model), *SMALL, *given, *more]) == 0
    return json.loads((out / "paper.json").read_text())


@pytest.fixture(scope="module")
def report(model, data, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    run(model, data, weights, out)
    return out


def test_every_figure_is_there_and_says_how_it_came(report):
    (row,) = json.loads((report / "paper.json").read_text())["rows"]
    assert row["label"] == "MTU tiny, N=4" and row["experts"] == 4
    assert list(row["cells"]) == ["t2i", "edit", "sr", "inpaint"]
    assert row["params"] > 0 and row["tflops"] > 0
    for task, cell in row["cells"].items():
        assert np.isfinite(cell["value"]) and cell["side"] == 32, task
        assert cell["n"] == min(2, cell["of"])
        assert cell["steps"] == 1 and cell["skipped"] == 0
    assert row["cells"]["edit"]["guidance"] == [7.5, 1.6]
    assert row["cells"]["sr"]["guidance"] == [1.0, 1.0]
    assert row["cells"]["inpaint"]["data"] == "GQA-Inpaint, test"


def test_the_tables_hold_the_papers_rows_and_ours(report):
    text = (report / "paper.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## Table")] == [
        "## Table 1. One model for four tasks", "## Table 2. Parameter-efficient baselines",
        "## Table 3. Tuning one component only", "## Table 4. Number of experts",
        "## Table 5. Task mixes"]
    assert "| MTU SD1.5, N=4 | paper | 0.68 | 869M | 7.2 | 17.2 | 24.8 | 44.0 |" in text
    ours = [line for line in text.splitlines() if "| **ours** |" in line]
    assert len(ours) == 3 and all(line.startswith("| MTU tiny, N=4 |") for line in ours)
    assert "2 of the 6 rows of COCO Captions, test" in text and "64 features" in text
    assert "CLIP clip, 8 features" in text


def test_a_figure_is_the_measure_of_the_models_own_pictures(report, model, data, weights):
    """The removals' figure, put together by hand."""
    pipe = MTUPipeline.from_pretrained(model)
    clip, scores = ClipFeatures.from_pretrained(weights / "clip"), []
    for index, row in enumerate(rows(open_test("inpaint", str(data), 32, 0), 32, 2)):
        assert row.source.shape == (32, 32, 3) and row.mask is None
        seed = int(np.random.SeedSequence([0, 3, index]).generate_state(1)[0])
        made = pipe(**request(row), generator=torch.Generator().manual_seed(seed)).images[0]
        before, right, after = clip.images([row.source, row.target, np.asarray(made)]).split(1)
        scores.append(float(directional_similarity(before, right, before, after)))
    (found,) = json.loads((report / "paper.json").read_text())["rows"]
    assert found["cells"]["inpaint"]["value"] == pytest.approx(100 * np.mean(scores), rel=1e-4)


def test_small_pictures_are_what_super_resolution_is_given(data):
    (row,) = rows(open_test("sr", str(data), 32, 0), 32, 1)
    assert row.target.shape == (32, 32, 3) and row.source.shape == (16, 16, 3)
    assert request(row)["scale"] == 2 and request(row)["image"].size == (16, 16)


def test_edits_know_what_their_pictures_show(data):
    for row in rows(open_test("edit", str(data), 32, 0), 32, 1):
        before, after = row.captions
        assert row.text.startswith("make the") and row.text.split()[-1] in after
        assert before != after and before.startswith("a ")


def test_runs_add_up_and_the_same_seed_gives_the_same(report, model, data, weights, tmp_path):
    first = run(model, data, weights, tmp_path, "--tables", "3", "--method", "component_ffn",
                "--tasks", "sr")
    assert first["rows"][0]["label"] == "tiny, FFN only" and set(first["paper"]) == {"3"}
    both = run(model, data, weights, tmp_path, "--tables", "1,3", "--tasks", "sr")
    assert [row["label"] for row in both["rows"]] == ["tiny, FFN only", "MTU tiny, N=4"]
    again = run(model, data, weights, tmp_path, "--tasks", "edit")["rows"][1]
    assert list(again["cells"]) == ["edit", "sr"]
    whole = json.loads((report / "paper.json").read_text())["rows"][0]
    for task, cell in again["cells"].items():
        assert cell["value"] == whole["cells"][task]["value"]
    other = run(model, data, weights, tmp_path, "--tasks", "sr", "--seed", "1")["rows"][1]
    assert other["cells"]["sr"]["value"] != whole["cells"]["sr"]["value"]


def test_what_is_missing_is_said_or_refused(model, data, weights, tmp_path, capsys):
    little = tmp_path / "weights"
    shutil.copytree(weights / "clip", little / "clip")
    some = tmp_path / "data"
    shutil.copytree(data / "gqa-inpaint", some / "gqa-inpaint")
    out = tmp_path / "out"
    assert main([str(model), *SMALL, "--data", str(data), "--metrics-weights", str(little),
                 "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert "no inception weights" in told and told.count("\n") == 1
    cells = run(model, some, little, out, "--allow-missing")["rows"][0]["cells"]
    assert cells["inpaint"]["value"] is not None
    assert all(cells[task]["value"] is None for task in ("t2i", "edit", "sr"))
    text = (out / "paper.md").read_text()
    assert "not run: no data for edit: there is no folder" in text
    assert main([str(model), *SMALL, "--data", str(data), "--metrics-weights", str(little),
                 "--out", str(tmp_path / "two"), "--allow-missing", "--tasks", "t2i"]) == 0
    assert "not run: no inception weights" in (tmp_path / "two" / "paper.md").read_text()


def test_a_task_nobody_trained_is_not_run(model, data, weights, tmp_path):
    folder = shutil.copytree(model, tmp_path / "half")
    config = json.loads((folder / "unet" / "config.json").read_text())
    config["mtu"]["trained"] = ["t2i"]
    (folder / "unet" / "config.json").write_text(json.dumps(config))
    cells = run(folder, data, weights, tmp_path / "out", "--tasks", "sr")["rows"][0]["cells"]
    assert cells["sr"]["why"] == "the model has not been trained for it"


@pytest.mark.parametrize(("arguments", "says"), [
    (["no/such/model"], "no model"),
    (["MODEL", "--suite", "other"], "invalid choice"),
    (["MODEL", "--count", "0"], "--count must be at least 1"),
    (["MODEL", "--seed", "-1"], "--seed must not be negative"),
    (["MODEL", "--data", "/nowhere"], "no data folder /nowhere"),
    (["MODEL", "--data", "EMPTY"], "no data for t2i: there is no folder"),
    (["MODEL", "--tables", "6"], "numbers from 1 to 5"),
    (["MODEL", "--tables", "one"], "numbers from 1 to 5"),
    (["MODEL", "--metrics-weights", "/nowhere"], "no inception weights: /nowhere has none"),
    (["MODEL", "--clip", "/nowhere/clip", "--tasks", "edit"], "no CLIP weights"),
    (["MODEL", "--out", "FILE"], "cannot be made: File exists"),
    (["MODEL", "--out", "FILE/below"], "cannot be made: Not a directory"),
])
def test_bad_input_is_one_line_and_status_2(model, data, weights, tmp_path, capsys, arguments,
                                            says):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    places = {"MODEL": model, "EMPTY": tmp_path / "empty", "FILE": tmp_path / "file",
              "FILE/below": tmp_path / "file" / "below"}
    arguments = [str(places.get(word, word)) for word in arguments]
    given = ["--data", str(data), "--metrics-weights", str(weights), "--out", str(tmp_path / "o")]
    try:
        status = main([*SMALL, *given, *arguments])
    except SystemExit as stop:  # argparse's own way out
        status = stop.code
    error = capsys.readouterr().err
    assert status == 2 and says in error and error.count("\n") == 1


def test_the_paper_suite_asks_for_data(model, capsys):
    assert main([str(model), "--suite", "paper"]) == 2
    assert "needs --data" in capsys.readouterr().err


def test_a_report_of_something_else_is_left_alone(model, data, weights, tmp_path, capsys):
    (tmp_path / "paper.json").write_text('{"suite": "other"}')
    assert main([str(model), *SMALL, "--data", str(data), "--metrics-weights", str(weights),
                 "--out", str(tmp_path)]) == 2
    assert "no report of the paper's suite" in capsys.readouterr().err
    assert (tmp_path / "paper.json").read_text() == '{"suite": "other"}'


def test_pictures_of_other_sizes_are_cut_to_the_models(data):
    for task in ("t2i", "edit", "inpaint"):
        for row in rows(open_test(task, str(data), 24, 0), 24, 1):
            assert row.target.shape == (24, 24, 3)
            assert row.source is None or row.source.shape == (24, 24, 3)
