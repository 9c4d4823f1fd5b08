"""Floating-point operations of one UNet forward, counted on the meta device.

Two per multiply-add of matrix products and convolutions, for one picture. The paper's count
(METHOD §3, last line) leaves out attention's two own products, QKᵀ and its product with V.
"""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import FeedForward
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

TIME_IDS = 6  # of SDXL: original size, crop, target size
PRODUCTS = {torch.ops.aten.bmm, torch.ops.aten.baddbmm}  # what attention is made of on meta


@torch.no_grad()
def tflops(unet: UNet2DConditionModel, side: int, tokens: int, task: str | None = None) -> dict:
    """TFLOPs of one forward of a (1, C, side, side) sample, {"without_attention_products",
    "with_attention_products", "feed_forward"}; the last is part of both.

    unet: on the meta device; with a `task` an MTUUNet2DConditionModel. feed_forward is 0 where
    the blocks hold experts in the feed-forward's place.
    """
    with FlopCounterMode(display=False) as counter:
        unet(**step_inputs(unet, side, tokens), **_task_inputs(unet, side, task))
    counts = counter.get_flop_counts()
    attention = sum(count for kind, count in counts["Global"].items() if kind in PRODUCTS)
    feed_forward = sum(
        sum(counts[f"{type(unet).__name__}.{name}"].values())
        for name, module in unet.named_modules()
        if isinstance(module, FeedForward)
    )
    total = counter.get_total_flops()
    return {
        "without_attention_products": (total - attention) / 1e12,
        "with_attention_products": total / 1e12,
        "feed_forward": feed_forward / 1e12,
    }


@torch.no_grad()
def conv_tflops(conv: nn.Conv2d, side: int) -> float:
    """TFLOPs of an input convolution on the meta device over side × side positions."""
    with FlopCounterMode(display=False) as counter:
        conv(torch.empty(1, conv.in_channels, side, side, device="meta"))
    return counter.get_total_flops() / 1e12


def step_inputs(unet: UNet2DConditionModel, side: int, tokens: int, batch: int = 1) -> dict:
    """Random arguments of one forward, where `unet` is and in its precision: a (B, C, side, side)
    sample, timesteps, a prompt's (B, tokens, D) hidden states, and what SDXL adds."""
    config = unet.config
    like = {"device": unet.device, "dtype": unet.dtype}
    width = config.encoder_hid_dim or config.cross_attention_dim
    width = width if isinstance(width, int) else width[0]
    inputs = {
        "sample": torch.randn(batch, config.in_channels, side, side, **like),
        "timestep": torch.full((batch,), 500.0, device=unet.device),
        "encoder_hidden_states": torch.randn(batch, tokens, width, **like),
    }
    if config.addition_embed_type == "text_time":
        text = (
            config.projection_class_embeddings_input_dim - TIME_IDS * config.addition_time_embed_dim
        )
        inputs["added_cond_kwargs"] = {
            "text_embeds": torch.randn(batch, text, **like),
            "time_ids": torch.ones(batch, TIME_IDS, **like),
        }
    return inputs


def _task_inputs(unet: UNet2DConditionModel, side: int, task: str | None) -> dict:
    if task is None:
        return {}
    channels = unet.mtu_config.tasks[task]
    return {"task": task, "condition": torch.empty(1, channels, side, side, device=unet.device)}
