"""What is saved is what is built again."""

import json

import pytest
import torch
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
    }  # fmt: skip
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
