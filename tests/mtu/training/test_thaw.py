"""What `thaw` lets learn of the base, beside MTU's own set of tensors."""

import pytest
import torch
from finetuning import requires_glyphs
from test_stages import multitask, text_model, tiny_unet, trained  # noqa: F401

from mtu.pipeline import MTUPipeline
from mtu.train import build_stage
from mtu.training.recipe import RecipeError

CROSS = {"num_experts": 4, "thaw": ["ca"]}


def frozen_names(stage) -> set[str]:
    return {name for name, parameter in stage.unet.named_parameters()
            if not parameter.requires_grad}


def test_only_the_components_that_are_named_thaw(text_model, tmp_path):  # noqa: F811
    plain = frozen_names(build_stage(multitask(text_model, tmp_path)))
    thawed = frozen_names(build_stage(multitask(text_model, tmp_path, options=CROSS)))
    assert {name for name in plain if ".attn1." in name} <= thawed
    assert plain - thawed == {name for name in plain if ".attn2." in name} != set()


@requires_glyphs
def test_thawed_attention_learns_and_is_kept(text_model, tmp_path):  # noqa: F811
    trainer = trained(multitask(text_model, tmp_path, options=CROSS))
    base = tiny_unet().state_dict()
    unet = MTUPipeline.from_pretrained(tmp_path / "model").unet.state_dict()
    shared = [name for name in base if name in unet and unet[name].shape == base[name].shape
              and not name.startswith("conv_in")]
    moved = {name for name in shared if not torch.equal(unet[name], base[name])}
    assert {name for name in moved if ".attn" in name} == \
        {name for name in shared if ".attn2." in name}
    assert all(torch.equal(unet[name], trainer.ema.tensors[name]) for name in moved)


def test_a_component_the_unet_has_not_is_refused(text_model, tmp_path):  # noqa: F811
    recipe = multitask(text_model, tmp_path, options=CROSS | {"thaw": ["attention"]})
    with pytest.raises(RecipeError, match="thaw names 'attention', and the UNet has no"):
        build_stage(recipe)
