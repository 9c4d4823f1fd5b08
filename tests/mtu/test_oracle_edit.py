"""The edit path over weights made by hand is diffusers' InstructPix2Pix, step by step.

Its UNet reads the source's latents behind the noisy ones: the layout without presence channel.
InstructPix2Pix does not scale those latents and we do, so the shared weights differ by that factor.
"""

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionXLInstructPix2PixPipeline,
    UNet2DConditionModel,
)
from tiny_peers import SIDE, sd15_peer, sdxl_peer
from tiny_pipelines import picture, seeded
from tiny_steps import check, ours, steps_of

from mtu import MTUConfig, MTUPipeline, MTUUNet2DConditionModel

KEPT = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")


def pair(peer_of_base, kind, experts: int = 4):
    """(diffusers' editing pipeline, ours) with the same weights.

    The base's input convolution is the editing one's first four channels; norms and feed-forwards
    are the base's, so the upcycled model's gates stay where they start, at one.
    """
    wide = peer_of_base(in_channels=8)
    base = UNet2DConditionModel(**{**public(wide.unet), "in_channels": 4}).eval()
    state = wide.unet.state_dict()
    base.load_state_dict(state | {"conv_in.weight": state["conv_in.weight"][:, :4].clone()})
    unet = MTUUNet2DConditionModel.from_unet(base, MTUConfig(experts, {"t2i": 0, "edit": 4}))
    with torch.no_grad():
        unet.conv_in["edit"].weight.copy_(state["conv_in.weight"])
        unet.conv_in["edit"].weight[:, 4:] /= wide.vae.config.scaling_factor
    parts = {name: part for name, part in wide.components.items() if name in KEPT}
    zeros = wide.config.get("force_zeros_for_empty_prompt", False)
    pipeline = MTUPipeline(
        unet, **parts, default_size=SIDE, force_zeros_for_empty_prompt=zeros
    )
    return kind(**parts, unet=wide.unet, **extra(kind, zeros)), pipeline


def public(unet) -> dict:
    return {name: value for name, value in unet.config.items() if not name.startswith("_")}


def extra(kind, zeros: bool) -> dict:
    if kind is StableDiffusionXLInstructPix2PixPipeline:
        return {"force_zeros_for_empty_prompt": zeros, "add_watermarker": False}
    return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


@pytest.mark.parametrize("scheduler", [None, DDIMScheduler, EulerAncestralDiscreteScheduler])
@pytest.mark.parametrize(("text", "image"), [(7.5, 1.6), (3.0, 1.0)])
def test_sd15(monkeypatch, scheduler, text, image):
    peer, pipeline = pair(sd15_peer, StableDiffusionInstructPix2PixPipeline)
    if scheduler is not None:
        peer.scheduler = pipeline.scheduler = scheduler.from_config(
            peer.scheduler.config, clip_sample=False
        )
    request = {
        "prompt": "make it night", "image": picture(SIDE, SIDE), "num_inference_steps": 4,
        "guidance_scale": text, "image_guidance_scale": image,
    }  # fmt: skip
    _, expected = steps_of(peer, **request, generator=seeded(5))
    _, latents = ours(pipeline, monkeypatch, "edit", **request, generator=seeded(5))
    check((None, latents), (None, expected))


@pytest.mark.parametrize("experts", [1, 4])
def test_sdxl_with_pooled_embeddings_in_all_three_evaluations(monkeypatch, experts):
    peer, pipeline = pair(sdxl_peer, StableDiffusionXLInstructPix2PixPipeline, experts)
    request = {
        "prompt": "make it night", "image": picture(SIDE, SIDE), "num_inference_steps": 4,
        "guidance_scale": 10.0, "image_guidance_scale": 1.5,
    }  # fmt: skip
    sides = {"height": SIDE, "width": SIDE}
    _, expected = steps_of(peer, **request, **sides, generator=seeded(5))
    _, latents = ours(pipeline, monkeypatch, "edit", **request, generator=seeded(5))
    check((None, latents), (None, expected))
