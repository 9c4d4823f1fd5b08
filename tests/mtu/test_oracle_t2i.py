"""Upcycled and not yet trained, a model draws what diffusers' own pipeline draws of its base."""

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)
from tiny_peers import sd2_peer, sd15_peer, sdxl_peer
from tiny_steps import compare, upcycled

SCHEDULERS = {
    "pndm": (PNDMScheduler, {"skip_prk_steps": True}),
    "pndm with runge-kutta": (PNDMScheduler, {"skip_prk_steps": False}),
    "ddim": (DDIMScheduler, {"clip_sample": False}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler trailing": (EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
    "euler ancestral": (EulerAncestralDiscreteScheduler, {}),
    "dpm++": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "heun": (HeunDiscreteScheduler, {}),
    "kdpm2": (KDPM2DiscreteScheduler, {}),
    "unipc": (UniPCMultistepScheduler, {}),
    "ddpm": (DDPMScheduler, {"clip_sample": False}),
    "lcm": (LCMScheduler, {}),
    "tcd": (TCDScheduler, {}),
}


@pytest.fixture(scope="module")
def sd15(tmp_path_factory):
    peer = sd15_peer()
    return peer, upcycled(peer, tmp_path_factory.mktemp("sd15"))


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    peer = sdxl_peer()
    return peer, upcycled(peer, tmp_path_factory.mktemp("sdxl"))


@pytest.mark.parametrize("name", SCHEDULERS)
def test_sd15_with_every_scheduler(sd15, monkeypatch, name):
    peer, pipeline = sd15
    kind, changes = SCHEDULERS[name]
    scheduler = kind.from_config(peer.scheduler.config, **changes)
    monkeypatch.setattr(peer, "scheduler", scheduler)
    monkeypatch.setattr(pipeline, "scheduler", scheduler)
    compare(peer, pipeline, monkeypatch, steps=5)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_sd15_with_and_without_guidance_and_not_square(sd15, monkeypatch, scale):
    compare(*sd15, monkeypatch, scale=scale, size=(48, 32))


def test_a_prompt_longer_than_clip_reads(sd15, sdxl, monkeypatch):
    for pair in (sd15, sdxl):
        compare(*pair, monkeypatch, steps=2, prompt="many words " * 20)


@pytest.mark.parametrize("name", ["pndm", "euler", "dpm++"])
def test_sdxl(sdxl, monkeypatch, name):
    peer, pipeline = sdxl
    kind, changes = SCHEDULERS[name]
    scheduler = kind.from_config(peer.scheduler.config, **changes)
    monkeypatch.setattr(peer, "scheduler", scheduler)
    monkeypatch.setattr(pipeline, "scheduler", scheduler)
    compare(peer, pipeline, monkeypatch, scale=5.0)


@pytest.mark.parametrize("experts", [1, 2])
@pytest.mark.parametrize("force_zeros", [True, False])
def test_sdxl_by_number_of_experts_and_meaning_of_no_words(
    tmp_path, monkeypatch, experts, force_zeros
):
    peer = sdxl_peer(force_zeros)
    pipeline = upcycled(peer, tmp_path, num_experts=experts)
    assert pipeline.config.force_zeros_for_empty_prompt == force_zeros
    assert pipeline.encode_text("").pooled.any() != force_zeros
    compare(peer, pipeline, monkeypatch, scale=5.0, size=(48, 64))


def test_sd2_predicts_velocity(tmp_path, monkeypatch):
    peer = sd2_peer()
    pipeline = upcycled(peer, tmp_path)
    assert pipeline.config.prediction_type == "v_prediction"
    compare(peer, pipeline, monkeypatch)
    for kind in (EulerDiscreteScheduler, DPMSolverMultistepScheduler):
        scheduler = kind.from_config(peer.scheduler.config)
        peer.scheduler = pipeline.scheduler = scheduler
        compare(peer, pipeline, monkeypatch)


def test_the_papers_start_draws_something_else(tmp_path, monkeypatch):
    """So that the comparison above is known to be able to fail."""
    peer = sd15_peer()
    pipeline = upcycled(peer, tmp_path, init="paper")
    with pytest.raises(AssertionError):
        compare(peer, pipeline, monkeypatch, steps=2)
    assert torch.is_grad_enabled()
