"""What is saved is what is built again, and the command line that upcycles a folder."""

import json
from pathlib import Path

import huggingface_hub
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler
from safetensors.torch import load_file, save_file
from tiny_unets import (
    SHAPES,
    TASKS,
    relative_error,
    tiny_condition,
    tiny_inputs,
    tiny_mtu,
    tiny_unet,
)

from mtu import MTUConfig, MTUUNet2DConditionModel
from mtu.experts import ExpertFeedForward
from mtu.norms import TaskLayerNorm
from mtu.upcycle import main

MIXED = ["inpaint", "t2i", "sr", "edit"]


@torch.no_grad()
@pytest.mark.parametrize("low_cpu_mem_usage", [True, False])
def test_save_load_gives_the_same_output(shape, tmp_path, low_cpu_mem_usage):
    model, inputs, condition = tiny_mtu(shape), tiny_inputs(shape), tiny_condition()
    expected = model(**inputs, task=MIXED, condition=condition).sample
    model.save_pretrained(tmp_path)
    loaded = MTUUNet2DConditionModel.from_pretrained(
        tmp_path, torch_dtype=torch.float64, low_cpu_mem_usage=low_cpu_mem_usage
    )
    saved, again = model.state_dict(), loaded.state_dict()
    assert saved.keys() == again.keys()
    assert all(torch.equal(saved[name], again[name]) for name in saved)
    # mapped weights lie at other alignments, which moves the last bit
    actual = loaded(**inputs, task=MIXED, condition=condition).sample
    assert relative_error(actual, expected) < 1e-14


def test_the_loaded_module_is_built_as_configured(shape, tmp_path):
    tasks = {"t2i": 0, "sr": 4, "edit": 9}  # neither the default's nor in alphabetical order
    config = MTUConfig(num_experts=2, tasks=tasks, init="paper", task_embed_dim=6)
    MTUUNet2DConditionModel.from_unet(tiny_unet(shape), config).save_pretrained(tmp_path)
    loaded = MTUUNet2DConditionModel.from_pretrained(tmp_path)
    experts = [m for m in loaded.modules() if isinstance(m, ExpertFeedForward)]
    assert len(experts) == {"sd15": 4, "sdxl": 12}[shape]
    for module in experts:
        assert module.num_experts == module.router.fc2.out_features == 2
        assert module.router.scale == 1
    norms = [m for m in loaded.modules() if isinstance(m, TaskLayerNorm)]
    assert all(len(norm.weight) == 3 for norm in norms)
    assert {name: conv.in_channels for name, conv in loaded.conv_in.items()} == {
        "t2i": 4, "sr": 8, "edit": 13,
    }
    assert loaded.task_names == ("t2i", "sr", "edit")
    assert loaded.task_embedding.shape == (3, 6)
    attn2 = loaded.mid_block.attentions[0].transformer_blocks[0].attn2
    assert attn2.to_k.in_features == SHAPES[shape]["cross_attention_dim"]
    assert attn2.heads == {"sd15": 2, "sdxl": 4}[shape]
    linear = isinstance(loaded.mid_block.attentions[0].proj_in, torch.nn.Linear)
    assert linear == (shape == "sdxl")
    assert hasattr(loaded, "add_embedding") == (shape == "sdxl")


def test_loading_is_strict(tmp_path):
    tiny_mtu("sd15").save_pretrained(tmp_path)
    weights = tmp_path / "diffusion_pytorch_model.safetensors"
    whole = load_file(weights)
    key = "mid_block.attentions.0.transformer_blocks.0.ff.router.fc1.bias"
    for broken in (
        {name: tensor for name, tensor in whole.items() if name != key},
        whole | {"extra": torch.zeros(1)},
        whole | {key: torch.zeros(3)},
    ):
        save_file(broken, weights)
        with pytest.raises((ValueError, RuntimeError), match=r"router\.fc1\.bias|extra"):
            MTUUNet2DConditionModel.from_pretrained(tmp_path)


def test_a_plain_unet_is_not_loaded_as_an_upcycled_one(tmp_path):
    tiny_unet("sd15").save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="upcycle"):
        MTUUNet2DConditionModel.from_pretrained(tmp_path)


def test_the_saved_config_is_the_bases_and_one_entry(tmp_path):
    base = tiny_unet("sdxl")
    base.save_pretrained(tmp_path / "base")
    MTUUNet2DConditionModel.from_unet(base).save_pretrained(tmp_path / "mtu")
    before = json.loads((tmp_path / "base" / "config.json").read_text())
    after = json.loads((tmp_path / "mtu" / "config.json").read_text())
    assert MTUConfig.from_dict(after.pop("mtu")) == MTUConfig(tasks=TASKS)
    assert after.pop("_class_name") == "MTUUNet2DConditionModel"
    assert after == {key: value for key, value in before.items() if key != "_class_name"}


def latent_base(folder: Path) -> Path:
    """A tiny base laid out as Stable Diffusion's: v-prediction, an f2 autoencoder, extra parts."""
    torch.manual_seed(0)
    tiny_unet("sd15").half().save_pretrained(folder / "unet")
    AutoencoderKL(block_out_channels=(8, 8), norm_num_groups=8,
                  down_block_types=("DownEncoderBlock2D",) * 2,
                  up_block_types=("UpDecoderBlock2D",) * 2).save_pretrained(folder / "vae")
    DDIMScheduler(prediction_type="v_prediction").save_pretrained(folder / "scheduler")
    for part in ("tokenizer", "text_encoder", "safety_checker"):
        (folder / part).mkdir()
        (folder / part / "config.json").write_text("{}")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.30.0",
        "requires_safety_checker": True,
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_upcycles_a_latent_model_and_keeps_its_other_parts(tmp_path):
    base, out = latent_base(tmp_path / "base"), tmp_path / "out"
    assert main(["--base", str(base), "--out", str(out), "--experts", "2", "--init", "paper"]) == 0
    index = json.loads((out / "model_index.json").read_text())
    assert index["_class_name"] == "MTUPipeline"
    assert index["unet"] == ["mtu.unet", "MTUUNet2DConditionModel"]
    assert index["text_encoder"] == ["transformers", "CLIPTextModel"]
    assert not {"safety_checker", "requires_safety_checker"} & set(index)
    assert index["prediction_type"] == "v_prediction"
    assert index["default_size"] == 16
    assert index["guidance"]["edit"] == [7.5, 1.6]
    for part in ("vae", "scheduler", "tokenizer", "text_encoder"):
        assert files_of(out / part) == files_of(base / part)
    unet = MTUUNet2DConditionModel.from_pretrained(out / "unet", torch_dtype=torch.float16)
    # the paper's start does not compute what the base does, so it can do nothing untrained
    assert unet.mtu_config == MTUConfig(num_experts=2, tasks=TASKS, init="paper", trained=())
    header = load_file(out / "unet" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in header.values()} == {torch.float16}
    assert main(["--base", str(base), "--out", str(tmp_path / "again"), "--experts", "2",
                 "--init", "paper"]) == 0  # fmt: skip
    assert files_of(tmp_path / "again") == files_of(out)


def test_upcycles_a_pixel_space_model_by_its_patch_size(tmp_path):
    base, out = tmp_path / "base", tmp_path / "out"
    tiny_unet("sd15", in_channels=12, out_channels=12).float().save_pretrained(base / "unet")
    DDIMScheduler().save_pretrained(base / "scheduler")
    index = {
        "_class_name": "MTUPipeline",
        "scheduler": ["diffusers", "DDIMScheduler"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": [None, None],
        "patch_size": 2,
        "prediction_type": "sample",
        "guidance": {"t2i": [3.0, 1.0]},
    }
    (base / "model_index.json").write_text(json.dumps(index))
    assert main(["--base", str(base), "--out", str(out)]) == 0
    unet = MTUUNet2DConditionModel.from_pretrained(out / "unet")
    assert unet.mtu_config.tasks == {"t2i": 0, "edit": 13, "sr": 13, "inpaint": 18}
    index = json.loads((out / "model_index.json").read_text())
    assert index["vae"] == [None, None]
    assert (index["patch_size"], index["default_size"]) == (2, 16)
    assert (index["prediction_type"], index["guidance"]) == ("sample", {"t2i": [3.0, 1.0]})


def test_a_bare_unet_folder_stays_one(tmp_path):
    tiny_unet("sdxl").save_pretrained(tmp_path / "base")
    assert main(["--base", str(tmp_path / "base"), "--out", str(tmp_path / "out")]) == 0
    loaded = MTUUNet2DConditionModel.from_pretrained(tmp_path / "out")
    assert set(files_of(tmp_path / "out")) == set(files_of(tmp_path / "base"))
    assert loaded.mtu_config == MTUConfig(trained=("t2i",))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """An empty folder, a base, the same cut short, and an upcycled model; nothing adds to it."""
    folder = tmp_path_factory.mktemp("shelf")
    (folder / "empty").mkdir()
    for name in ("base", "truncated"):
        tiny_unet("sd15").save_pretrained(folder / name)
    weights = folder / "truncated" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    tiny_mtu("sd15").save_pretrained(folder / "upcycled")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--base", "{tmp}/nowhere"], "nowhere"),
        (["--base", "{tmp}/empty"], "config.json"),
        (["--base", "{tmp}/base", "--experts", "7"], "7 experts do not divide the width"),
        (["--base", "{tmp}/base", "--experts", "0"], "num_experts"),
        (["--base", "{tmp}/base", "--experts", "four"], "--experts"),
        (["--base", "{tmp}/base", "--init", "random"], "--init"),
        (["--base", "{tmp}/base", "--out", "{tmp}"], "empty folder"),
        (["--base", "{tmp}/upcycled"], "MTUUNet2DConditionModel"),
        (["--base", "{tmp}/truncated"], "cannot be read"),
        ([], "--base"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, message, shelf, capsys):
    arguments = ["--out", "{tmp}/out", *arguments]
    try:
        status = main([argument.format(tmp=shelf) for argument in arguments])
    except SystemExit as exit_:  # argparse's own way out
        status = exit_.code
    printed = capsys.readouterr()
    assert status == 2
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not printed.out
    assert not (shelf / "out").exists()


def test_a_hub_id_without_a_network_is_one_clear_sentence(tmp_path, monkeypatch, capsys):
    # what the environment variable of this name sets when the library is imported
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert main(["--base", "owner/no-such-model", "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("mtu.upcycle: There is no folder owner/no-such-model")
    assert printed.err.count("\n") == 1 and not printed.out
    assert not (tmp_path / "out").exists()
