"""The cost report against the paper's figures and against models that were really built."""

import json

import pytest
from tiny_unets import tiny_mtu, tiny_unet

from mtu.cost import cost, main


def tflops(report: dict, kind: str, task: str = "t2i") -> tuple[float, float]:
    return tuple(round(value, 3) for value in report[kind]["tflops"][task].values())


def test_sd15_costs_what_the_paper_says():
    report = cost("sd15")
    assert report["base"]["params"] == 859_520_964
    assert tflops(report, "base") == (0.677, 0.803)
    assert tflops(report, "mtu") == (0.677, 0.803)
    assert round(report["mtu"]["params"] / 1e6) == 869
    assert round(report["mtu"]["trainable"] / 1e6) == 158
    assert report["mtu"]["memory_mb"] < 0.26 * report["four_pipelines"]["memory_mb"]


def test_sdxl_costs_what_the_paper_says():
    report = cost("sdxl")
    assert report["base"]["params"] == 2_567_463_684
    assert tflops(report, "base") == (1.534, 1.589)
    assert round(report["mtu"]["params"] / 1e9, 1) == 2.6


def test_counts_are_those_of_built_models(shape, tmp_path):
    model = tiny_mtu(shape)
    model.save_pretrained(tmp_path)
    report = cost(tmp_path, size=64, tokens=5)
    assert report["base"]["params"] == tiny_unet(shape).num_parameters()
    assert report["mtu"]["params"] == model.num_parameters()
    assert report["mtu"]["trainable"] == model.num_parameters(only_trainable=True)
    folded = [model.fold(task) for task in model.task_names]
    tensors = {p.data_ptr(): p.numel() for unet in folded for p in unet.parameters()}
    assert report["folded"]["params"] == sum(tensors.values())
    assert report["four_pipelines"]["params"] == sum(unet.num_parameters() for unet in folded)
    assert report["folded"]["params"] < 0.6 * report["four_pipelines"]["params"]


def test_an_image_task_costs_its_condition_channels_more(shape, tmp_path):
    tiny_unet(shape).save_pretrained(tmp_path)
    report = cost(tmp_path, size=64, tokens=5)
    base = report["base"]["tflops"]["t2i"]["with_attention_products"]
    folded = report["folded"]["tflops"]
    assert folded["t2i"]["with_attention_products"] == base
    # 8×8 positions, 5 more channels into 16 through a 3×3 kernel, two FLOPs each
    extra = folded["edit"]["with_attention_products"] - base
    assert extra * 1e12 == pytest.approx(64 * 5 * 16 * 9 * 2, rel=1e-6)


def test_the_command_prints_json_and_refuses_in_one_line(tmp_path, capsys):
    tiny_mtu("sd15").save_pretrained(tmp_path)
    assert main([str(tmp_path), "--size", "64"]) == 0
    assert json.loads(capsys.readouterr().out)["experts"] == 4
    for arguments in ([str(tmp_path / "nowhere")], [str(tmp_path), "--size", "65"]):
        assert main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert not printed.out
