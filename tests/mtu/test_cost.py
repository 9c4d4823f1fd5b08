"""The cost report against the paper's figures and against models that were really built."""

import json

import pytest
import torch
from diffusers import UNet2DConditionModel
from tiny_pipelines import tiny_latent_pipeline, tiny_pipeline
from tiny_unets import tiny_inputs, tiny_mtu, tiny_unet

from mtu.cost import cost, main
from mtu.cost_configs import PIPELINES
from mtu.cost_flops import tflops as count


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
    assert sum(report["mtu"]["parts"].values()) == report["mtu"]["trainable"]
    assert report["feed_forward"]["layers"] == 16
    assert report["feed_forward"]["params"] == report["mtu"]["parts"]["experts"]
    pipelines = report["pipelines"]
    text_encoder, vae = 123_060_480, 83_653_863  # CLIP ViT-L/14, AutoencoderKL
    assert pipelines["four"]["stable-diffusion-v1-5"] == 859_520_964 + text_encoder + vae
    assert pipelines["four"]["instruct-pix2pix"] == 859_532_484 + text_encoder + vae
    assert pipelines["one"]["params"] == report["mtu"]["params"] + text_encoder + vae
    assert pipelines["one"]["memory_mb"]["fp32"] == 2 * pipelines["one"]["memory_mb"]["fp16"]
    assert pipelines["ratio"] < pipelines["ratio_with_a_folded_task"] <= 0.30


def test_a_checkpoint_of_the_family_is_held_against_the_familys_pipelines(tmp_path):
    with torch.device("meta"):
        unet = UNet2DConditionModel(**PIPELINES["sd15"]["stable-diffusion-v1-5"][0])
    unet.save_config(tmp_path)
    report = cost(tmp_path, size=64)
    assert report["pipelines"]["kind"] == "sd15"
    assert report["pipelines"]["one"]["params"] == report["mtu"]["params"]  # no text encoder there


def test_sdxl_costs_what_the_paper_says():
    report = cost("sdxl")
    assert report["base"]["params"] == 2_567_463_684
    assert tflops(report, "base") == (1.534, 1.589)
    assert round(report["mtu"]["params"] / 1e9, 1) == 2.6
    assert report["feed_forward"]["layers"] == 70
    four = report["pipelines"]["four"]
    parts = 2_567_463_684 + 123_060_480 + 694_659_840 + 83_653_863
    assert four["stable-diffusion-xl-base-1.0"] == parts
    assert four["stable-diffusion-x4-upscaler"] == 473_398_020 + 340_387_840 + 55_325_927


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


@pytest.mark.parametrize("make", [tiny_pipeline, tiny_latent_pipeline])
def test_a_pipelines_other_parts_are_counted_from_its_folder(make, tmp_path):
    pipeline = make()
    pipeline.save_pretrained(tmp_path)
    report = cost(tmp_path, size=32, tokens=8)["pipelines"]
    modules = [pipeline.unet, pipeline.text_encoder, pipeline.vae]
    built = sum(p.numel() for module in modules if module for p in module.parameters())
    assert report["one"]["params"] == built
    folded = [pipeline.unet.fold(task).num_parameters() for task in pipeline.unet.task_names]
    rest = built - pipeline.unet.num_parameters()
    assert report["four"]["params"] == sum(folded) + 4 * rest
    assert report["ratio"] == built / report["four"]["params"]


def test_flops_of_every_task_are_those_of_a_whole_forward(shape, tmp_path):
    model = tiny_mtu(shape)
    model.save_pretrained(tmp_path)
    report = cost(tmp_path, size=64, tokens=5)
    model = model.float().to("meta")
    for task in model.task_names:
        for kind, unet, arguments in (
            ("mtu", model, (task,)), ("folded", model.fold(task), ()),
        ):  # fmt: skip
            whole = count(unet, 8, 5, *arguments)
            for name, value in report[kind]["tflops"][task].items():
                assert value == pytest.approx(whole[name], rel=1e-12)


@torch.no_grad()
def test_the_feed_forwards_share_is_two_products_a_block(shape, tmp_path):
    base = tiny_unet(shape)
    base.save_pretrained(tmp_path)
    report = cost(tmp_path, size=64, tokens=5)["feed_forward"]
    expected = []

    def add(module, inputs, output):  # two FLOPs per weight and position
        positions = inputs[0].shape[:-1].numel()
        expected.append(2 * positions * (module.net[0].proj.weight.numel()
                                         + module.net[2].weight.numel()))  # fmt: skip

    for name, module in base.named_modules():
        if name.endswith(".ff"):
            module.register_forward_hook(add)
    base(**tiny_inputs(shape, batch=1))
    assert report["layers"] == len(expected)
    assert report["tflops"] * 1e12 == pytest.approx(sum(expected), rel=1e-12)


def test_the_command_prints_json_and_refuses_in_one_line(tmp_path, capsys):
    tiny_mtu("sd15").save_pretrained(tmp_path)
    assert main([str(tmp_path), "--size", "64"]) == 0
    assert json.loads(capsys.readouterr().out)["experts"] == 4
    assert main([str(tmp_path), "--size", "64", "--markdown"]) == 0
    tables = capsys.readouterr().out
    assert f"| experts | {cost(tmp_path, 64)['mtu']['parts']['experts']:,} |" in tables
    for arguments in ([str(tmp_path / "nowhere")], [str(tmp_path), "--size", "65"]):
        assert main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert not printed.out
