"""The walk over diffusers' denoisers: what it finds, keeps, tells apart and refuses."""

import diffusers
import pytest
import torch
from torch import nn

from mtu import MTUConfig, MTUDenoiser
from mtu.denoiser import find
from mtu.experts import ExpertFeedForward
from mtu.walk import refusal, try_walk
from mtu.walk_models import REFUSED, TRIED

VIDEO = {"UNetMotionModel", "UNetSpatioTemporalConditionModel"}
TWO = MTUConfig(tasks={"t2i": 0, "other": 0})


@pytest.mark.parametrize("name", TRIED)
def test_a_denoiser_stays_itself_at_first_and_then_tells_tasks_apart(name):
    trial = try_walk(name, TRIED[name])
    assert trial.preserved <= 1e-12
    assert trial.apart > 0.1
    assert 0 < trial.upcycled < trial.total
    if name in VIDEO:
        assert "6 rows; run one task at a time" in trial.mixed_refused
    else:  # Hunyuan's norm is one in float32 whatever the model
        assert trial.mixed <= (1e-6 if name == "HunyuanDiT2DModel" else 1e-12)


@torch.no_grad()
@pytest.mark.parametrize("name", TRIED)
def test_a_norm_that_is_made_one_per_task_feeds_the_feed_forward(name):
    model = TRIED[name].build(name)
    seen = {}
    sites = [site for site in find(model).sites if site.norm is not None]
    for site in sites:
        block = model.get_submodule(site.block)

        def keep(module, inputs, output, site=site):
            seen[site] = output

        def compare(module, inputs, site=site):
            assert inputs[0] is seen.pop(site)

        block.get_submodule(site.norm).register_forward_hook(keep)
        block.get_submodule(site.ff).register_forward_pre_hook(compare)
    model(**TRIED[name].inputs(2))
    assert not seen
    has_affine_norms = name in VIDEO | {
        "UNet2DConditionModel", "Transformer2DModel", "HunyuanDiT2DModel"
    }  # fmt: skip
    assert bool(sites) == has_affine_norms


def test_what_is_found_in_pixart_sd3_and_flux():
    pixart, sd3, flux = (
        find(TRIED[name].build(name))
        for name in (
            "PixArtTransformer2DModel", "SD3Transformer2DModel", "FluxTransformer2DModel"
        )
    )  # fmt: skip
    assert [(site.block, site.ff) for site in pixart.sites] == [
        ("transformer_blocks.0", "ff"), ("transformer_blocks.1", "ff")
    ]  # fmt: skip
    assert [site.ff for site in sd3.sites] == ["ff", "ff_context", "ff"]  # the last needs no text
    assert [site.ff for site in flux.sites] == ["ff", "ff_context"]
    assert (pixart.input, sd3.input, flux.input) == ("pos_embed.proj",) * 2 + ("x_embedder",)
    for found in (pixart, sd3, flux):
        assert all("AdaLN" in site.norm_stays for site in found.sites)
    assert flux.left == {
        "FluxSingleTransformerBlock": "no such FeedForward (proj_mlp: Linear, act_mlp: GELU)"
    }


@pytest.mark.parametrize("name", REFUSED)
def test_a_denoiser_without_the_feed_forward_is_refused_by_name_and_reason(name):
    reason = refusal(name)
    assert reason.startswith(f"{name} has no block with diffusers' FeedForward to upcycle: ")
    assert "\n" not in reason
    kinds = {"SanaTransformer2DModel": "GLUMBConv", "Flux2Transformer2DModel": "Flux2FeedForward",
             "ZImageTransformer2DModel": "transformer_z_image.FeedForward"}  # fmt: skip
    assert kinds.get(name, "") in reason


def test_a_refused_model_is_left_as_it_was():
    name = "CogView4Transformer2DModel"
    model = TRIED[name].build(name)
    before = [type(module) for module in model.modules()]
    with pytest.raises(ValueError, match="CogView4.* takes no condition: it has no conv_in"):
        MTUDenoiser(model, MTUConfig(tasks={"t2i": 0, "edit": 5}))
    with pytest.raises(ValueError, match="7 experts do not divide"):
        MTUDenoiser(model, MTUConfig(7, tasks={"t2i": 0}))
    assert [type(module) for module in model.modules()] == before


@pytest.mark.parametrize("checkpointing", [False, True])
def test_gradients_reach_what_trains_and_nothing_else(checkpointing):
    name = "FluxTransformer2DModel"
    model = MTUDenoiser(TRIED[name].build(name), MTUConfig(tasks={"t2i": 0, "edit": 4})).train()
    if checkpointing:
        model.enable_gradient_checkpointing()
    inputs = TRIED[name].inputs(2)
    condition = torch.randn_like(inputs["hidden_states"])
    optimizer = torch.optim.SGD(model.trainable_parameters(), lr=0.5)
    for _ in range(2):  # a zero last layer lets nothing through to the rest of the router yet
        optimizer.zero_grad()
        output = model(**inputs, task=["t2i", "edit"], condition=condition, return_dict=False)[0]
        model(**TRIED[name].inputs(1), task="t2i")  # another batch, before backward
        output.square().mean().backward()
        optimizer.step()
    parts = (".ff.", ".ff_context.", "x_embedder.", "task_embedding")
    for parameter_name, parameter in model.named_parameters():
        trains = any(part in f".{parameter_name}" for part in parts)
        assert parameter.requires_grad == trains, parameter_name
        assert (parameter.grad is not None and bool(parameter.grad.any())) == trains, parameter_name


def test_wrong_tasks_and_conditions_are_refused():
    name = "FluxTransformer2DModel"
    model = MTUDenoiser(TRIED[name].build(name), MTUConfig(tasks={"t2i": 0, "edit": 4}))
    inputs = TRIED[name].inputs(2)
    assert model.task_names == ("t2i", "edit")
    assert model.router_weights().shape == (2, 2, 4)
    with pytest.raises(ValueError, match="unknown task 'sr'; this model has t2i, edit"):
        model(**inputs, task="sr")
    with pytest.raises(ValueError, match="need a condition of 4 channels"):
        model(**inputs, task="edit")
    with pytest.raises(ValueError, match=r"condition is \(2, 16, 3\), expected \(2, 16, '>=4'\)"):
        model(**inputs, task="edit", condition=torch.zeros(2, 16, 3))


@torch.no_grad()
def test_state_goes_to_a_second_model_and_the_sample_may_be_positional():
    name = "SD3Transformer2DModel"
    models = [MTUDenoiser(TRIED[name].build(name), TWO) for _ in range(2)]
    for parameter in models[0].trainable_parameters():
        parameter.normal_()
    models[1].load_state_dict(models[0].state_dict())
    inputs = TRIED[name].inputs(2)
    first = models[0](**inputs, task="other").sample
    sample = inputs.pop("hidden_states")
    assert torch.equal(models[1](sample, **inputs, task="other").sample, first)


def test_a_feed_forward_outside_a_block_stays():
    model = nn.Module()
    model.embedding = nn.Module()
    model.embedding.ff = diffusers.models.attention.FeedForward(8)
    with pytest.raises(ValueError, match="Module has a FeedForward and no attention: not a block"):
        find(model)
    model.block = diffusers.models.attention.BasicTransformerBlock(8, 2, 4)
    denoiser = MTUDenoiser(model, TWO)
    assert isinstance(denoiser.model.block.ff, ExpertFeedForward)
    assert not any(p.requires_grad for p in denoiser.model.embedding.parameters())
