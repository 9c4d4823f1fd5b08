"""Single-task pipelines of diffusers take part in the tables; how the report's rows add up."""

import json

import numpy as np
import pytest
from diffusers import StableDiffusionInstructPix2PixPipeline
from tiny_peers import SIDE, sd15_peer, sdxl_peer
from tiny_pipelines import picture, seeded

from mtu import MTUPipeline
from mtu.evaluate import main
from mtu.evaluation.paper.peers import Peer, load_model
from mtu.evaluation.paper.reference import SETTINGS, base_of
from mtu.evaluation.paper.tables import belongs, label_of, put

PARTS = ("vae", "text_encoder", "tokenizer", "scheduler", "unet")


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers") / "editor"
    parts = sd15_peer(in_channels=8).components
    pipe = StableDiffusionInstructPix2PixPipeline(
        **{name: parts[name] for name in PARTS}, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)
    pipe.save_pretrained(folder)
    return folder


def test_a_drawing_is_the_peers_own(tmp_path):
    for name, peer in (("sd", sd15_peer()), ("xl", sdxl_peer())):
        peer.save_pretrained(tmp_path / name)
        asked = {"num_inference_steps": 2, "guidance_scale": 3.0}
        expected = peer("a cat", height=SIDE, width=SIDE, generator=seeded(3), **asked).images[0]
        loaded = load_model(tmp_path / name)
        assert isinstance(loaded, Peer) and loaded.config.default_size == SIDE
        made = loaded("t2i", "a cat", image_guidance_scale=1.0, generator=seeded(3), **asked)
        assert np.array_equal(np.asarray(made.images[0]), np.asarray(expected))


def test_an_edit_is_the_peers_own(editor):
    loaded = load_model(editor)
    asked = {"prompt": "make it night", "image": picture(SIDE, SIDE), "num_inference_steps": 2,
             "guidance_scale": 7.5, "image_guidance_scale": 1.6}
    made = loaded("edit", **asked, generator=seeded(3)).images[0]
    expected = loaded.pipe(**asked, generator=seeded(3)).images[0]
    assert np.array_equal(np.asarray(made), np.asarray(expected)) and made.size == (SIDE, SIDE)


def test_an_upcycled_model_is_ours(model):
    assert isinstance(load_model(model), MTUPipeline)


def test_a_peer_fills_its_cell_of_the_single_task_row(editor, data, weights, tmp_path):
    assert main([str(editor), "--suite", "paper", "--count", "1", "--steps", "1", "--device", "cpu",
                 "--data", str(data), "--metrics-weights", str(weights), "--tables", "1",
                 "--out", str(tmp_path)]) == 0
    (row,) = json.loads((tmp_path / "paper.json").read_text())["rows"]
    assert row["method"] == "single_task" and list(row["cells"]) == ["edit"]
    assert row["tflops"] > 0 and row["cells"]["edit"]["guidance"] == [7.5, 1.6]
    assert "| editor, single-task models | **ours** |" in (tmp_path / "paper.md").read_text()


def test_a_damaged_peer_is_one_line_and_status_2(editor, data, tmp_path, capsys):
    index = json.loads((editor / "model_index.json").read_text())
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    assert main([str(tmp_path), "--suite", "paper", "--data", str(data)]) == 2
    error = capsys.readouterr().err
    assert "cannot be loaded" in error and error.count("\n") == 1


def row(method="mtu", tasks=("t2i", "edit", "sr", "inpaint"), experts=4, base="SD1.5", **cells):
    return {"model": "m", "base": base, "method": method, "experts": experts, "init": "preserving",
            "tasks": list(tasks), "cells": cells}


def test_rows_have_the_papers_names_and_places():
    assert label_of(row()) == "MTU SD1.5, N=4"
    assert label_of(row(experts=8) | {"init": "paper"}) == "MTU SD1.5, N=8, init as in the paper"
    mix = row(tasks=("edit", "inpaint"))
    assert label_of(mix) == "MTU SD1.5, N=4, edit + inpaint"
    assert label_of(row("lora", base="SDXL")) == "SDXL, LoRA on FFN"
    places = {number: [belongs(one, number) for one in (row(), mix, row("lora"), row("ia3"),
                                                        row("component_sa"), row("single_task"))]
              for number in range(1, 6)}
    yes, no = True, False
    assert places == {1: [yes, no, no, no, no, yes], 2: [no, no, yes, yes, no, no],
                      3: [no, no, no, no, yes, no], 4: [yes, no, no, no, no, no],
                      5: [yes, yes, no, no, no, no]}


def test_cells_of_one_row_add_up_and_other_rows_stay_apart():
    report = {"rows": []}
    put(report, row("single_task", ("sr",), 1, sr={"value": 1}))
    put(report, row("single_task", ("t2i",), None, t2i={"value": 2}))
    put(report, row("single_task", ("sr",), 1, sr={"value": 3}))
    put(report, row(experts=1, t2i={"value": 4}))
    put(report, row(experts=2, t2i={"value": 5}))
    put(report, row(tasks=("t2i", "sr"), experts=2, t2i={"value": 6}))
    assert [list(one["cells"].items()) for one in report["rows"]] == [
        [("t2i", {"value": 2}), ("sr", {"value": 3})], [("t2i", {"value": 4})],
        [("t2i", {"value": 5})], [("t2i", {"value": 6})]]


def test_the_papers_settings_go_with_the_papers_bases():
    sd15 = {"block_out_channels": [320, 640, 1280, 1280], "cross_attention_dim": 768}
    assert base_of(sd15) == "SD1.5" and base_of(sd15 | {"cross_attention_dim": 1024}) is None
    assert base_of({"addition_embed_type": "text_time", "cross_attention_dim": 2048}) == "SDXL"
    assert SETTINGS["SD1.5"]["steps"] == 20 and SETTINGS["SDXL"]["steps"] == 50
    assert SETTINGS["SD1.5"]["guidance"] == {"t2i": [7.5, 1.0], "edit": [7.5, 1.6],
                                             "sr": [1.0, 1.0], "inpaint": [4.0, 1.5]}
    assert SETTINGS["SDXL"]["guidance"] == {"t2i": [5.0, 1.0], "edit": [10.0, 1.5],
                                            "sr": [1.0, 1.0], "inpaint": [4.0, 1.5]}
