"""The benchmark compares like with like; what it measures is nobody's test."""

import json

import pytest
import torch
from tiny_pipelines import tiny_latent_pipeline, tiny_pipeline
from tiny_unets import tiny_mtu

from mtu.benchmark import benchmark, main
from mtu.cost import cost
from mtu.picture_times import PARTS


def test_all_variants_compute_the_same_and_are_timed_every_round(tmp_path, shape):
    tiny_mtu(shape).save_pretrained(tmp_path)
    report = benchmark(tmp_path, "fp32", size=64, rounds=3, tokens=5)
    assert set(report["steps"]) == {"base", "unfolded", "folded"}
    for name, times in report["steps"].items():
        for spread in times.values():
            assert 0 < spread["min"] <= spread["median"] <= spread["max"]
        assert ("ratio_of_cpu_seconds" in times) == (name != "base")
    assert max(report["same_output"].values()) < 1e-6


def test_an_image_task_and_a_batch_run_too(tmp_path):
    tiny_mtu("sd15").save_pretrained(tmp_path)
    report = benchmark(tmp_path, "bf16", size=64, rounds=1, task="edit", batch=2, tokens=5,
                       channels_last=True)  # fmt: skip
    assert report["same_output"] is None  # the base has no such task
    assert (report["task"], report["batch"]) == ("edit", 2)


def test_weights_held_are_the_models_and_one_folded_task(tmp_path):
    tiny_latent_pipeline().save_pretrained(tmp_path)
    weights = benchmark(tmp_path, "bf16", size=32, rounds=1, tokens=5)["weights"]
    pipelines = cost(tmp_path, size=32, tokens=5)["pipelines"]
    assert weights["four_pipelines_mb"] == pytest.approx(pipelines["four"]["memory_mb"]["fp16"])
    conv = (4 + 7) * 16 * 9 + 16  # of the widest task: a switched UNet has the model's own
    expected = pipelines["one_and_a_folded_task"]["params"] - conv
    assert weights["one_pipeline_mb"] * 1e6 == pytest.approx(2 * expected)
    assert weights["ratio"] == weights["one_pipeline_mb"] / weights["four_pipelines_mb"]


def test_the_command_prints_json_and_refuses_in_one_line(tmp_path, capsys):
    tiny_mtu("sd15").save_pretrained(tmp_path)
    threads = torch.get_num_threads()
    arguments = [str(tmp_path), "--size", "64", "--rounds", "1", "--dtype", "fp32"]
    assert main([*arguments, "--threads", str(threads)]) == 0
    assert json.loads(capsys.readouterr().out)["threads"] == threads
    wrong = [["--dtype", "int8"], ["--device", "tpu"], ["--size", "65"], ["--rounds", "0"],
             ["--task", "colourise"], ["--threads", "0"]]  # fmt: skip
    if not torch.cuda.is_available():
        wrong.append(["--device", "cuda"])
    for options in wrong:
        assert main([*arguments, *options]) == 2, options
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert not printed.out


def test_whole_pictures_at_both_speeds(tmp_path, capsys):
    fast = {"t2i": {"steps": 2}, "inpaint": {"steps": 1}}
    tiny_pipeline(default_steps=4, fast=fast).save_pretrained(tmp_path)
    assert main([str(tmp_path), "--pictures", "--rounds", "2"]) == 0
    report = json.loads(capsys.readouterr().out)["pictures"]
    assert {task: list(part) for task, part in report.items()} == {
        "t2i": ["best", "fast", "fast by best"], "edit": ["best"], "sr": ["best"],
        "inpaint": ["best", "fast", "fast by best"]}
    passes = {task: (part["best"]["UNet passes"], part.get("fast", {}).get("UNet passes"))
              for task, part in report.items() if task != "sr"}
    assert passes == {"t2i": (4, 2), "edit": (4, None), "inpaint": (4, 1)}
    assert report["t2i"]["fast"]["steps"] == 2
    for part in report.values():
        for speed in part.keys() - {"fast by best"}:
            shares = part[speed]["shares"]
            assert set(shares) == set(PARTS) and sum(shares.values()) == pytest.approx(1, abs=0.5)
            assert min(shares.values()) >= 0
            assert part[speed]["seconds a step"] > 0 and part[speed]["cpu_seconds"] > 0


def test_pictures_need_a_round_and_a_model(tmp_path, capsys):
    tiny_pipeline().save_pretrained(tmp_path)
    capsys.readouterr()
    assert main([str(tmp_path), "--pictures", "--rounds", "0"]) == 2
    assert main([str(tmp_path / "none"), "--pictures"]) == 2
    error = capsys.readouterr().err
    assert "rounds must be" in error and "no model" in error and error.count("\n") == 2
