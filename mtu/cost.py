"""python -m mtu.cost: parameters, FLOPs and memory of one multi-task model and of four models.

FLOPs are two per multiply-add, of matrix products and convolutions, in one UNet forward of one
picture, without and with attention's two own products (QKᵀ and its product with V): the paper's
.677 and .803 TFLOPs for SD1.5 at 512². Memory is the UNet's weights. Nothing is allocated: models
are built on torch's meta device.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from .cli import Parser, read_json, run
from .config import PAPER_WIDTH, MTUConfig, condition_layout
from .loading import INDEX, find_model
from .unet import MTUUNet2DConditionModel

SD15 = {"cross_attention_dim": 768, "sample_size": 64}  # the rest are diffusers' defaults
SDXL = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
PAPER = {"sd15": (SD15, 4), "sdxl": (SDXL, 1)}  # name -> UNet config, number of experts
TIME_IDS = 6  # of SDXL: original size, crop, target size
PRODUCTS = {torch.ops.aten.bmm, torch.ops.aten.baddbmm}  # what attention is made of on meta
BYTES = 2  # a parameter in fp16 or bf16


def cost(model: str | Path, size: int = 512, tokens: int = 77) -> dict:
    """Cost of `model`: a folder or hub id of a model or UNet, or "sd15" or "sdxl" as the paper has
    them. size: pixels a side. tokens: length of the prompt. Returns a JSON-able dict:

    base; mtu; folded, the plain UNets of all tasks with what they share counted once;
    four_pipelines, a UNet of its own for each task. params and trainable are counts, tflops are
    per task, memory_mb is in 10⁶ bytes at 2 bytes a parameter.
    """
    config, mtu_config, pixels = _configs(model)
    if size < 1 or size % pixels or tokens < 1:
        raise ValueError(f"size must be a positive multiple of {pixels}, tokens at least 1")
    side = size // pixels
    with torch.device("meta"):
        base = UNet2DConditionModel(**config).requires_grad_(False)
    mtu = MTUUNet2DConditionModel.from_unet(base, mtu_config)
    folded = {task: mtu.fold(task) for task in mtu.task_names}
    four = sum(_params([unet]) for unet in folded.values())
    return {
        "model": str(model),
        "size": size,
        "tokens": tokens,
        "experts": mtu_config.num_experts,
        "base": _weights([base]) | {"tflops": {"t2i": _tflops(base, side, tokens)}},
        "mtu": _weights([mtu])
        | {"trainable": sum(p.numel() for p in mtu.trainable_parameters())}
        | {"tflops": {task: _tflops(mtu, side, tokens, task) for task in folded}},
        "folded": _weights(folded.values())
        | {"tflops": {task: _tflops(unet, side, tokens) for task, unet in folded.items()}},
        "four_pipelines": {"params": four, "memory_mb": four * BYTES / 1e6},
    }


def _configs(model: str | Path) -> tuple[dict, MTUConfig, int]:
    """The UNet's config, how it is upcycled, and the image's pixels per sample pixel."""
    if model in PAPER:
        config, experts = PAPER[model]
        widths = {"task_embed_dim": PAPER_WIDTH, "router_hidden_dim": PAPER_WIDTH}
        return config, MTUConfig(num_experts=experts, **widths), 8
    folder = Path(model) if Path(model).is_dir() else find_model(model)
    whole = (folder / "unet").is_dir()
    config = read_json((folder / "unet" if whole else folder) / "config.json")
    if config.get("_class_name") not in ("UNet2DConditionModel", "MTUUNet2DConditionModel"):
        raise ValueError(f"{folder} holds no UNet2DConditionModel")
    index = read_json(folder / INDEX) if whole else {}
    patch_size = index.get("patch_size", 1)
    pixels = (
        patch_size if patch_size > 1 else 8
    )  # a bare UNet's space is taken for Stable Diffusion's
    if (folder / "vae").is_dir():
        vae = read_json(folder / "vae" / "config.json")
        pixels = 2 ** (len(vae["block_out_channels"]) - 1)
    mtu = config.pop("mtu", None)
    config = {key: value for key, value in config.items() if not key.startswith("_")}
    if mtu is not None:
        return config, MTUConfig.from_dict(mtu), pixels
    layout = condition_layout(config["in_channels"], patch_size**2)
    return config, MTUConfig(tasks=layout), pixels


def _params(models: Iterable[nn.Module]) -> int:
    """Parameters of models together, those they share counted once."""
    tensors = (tensor for model in models for tensor in model.parameters())
    return sum({t.untyped_storage()._cdata: t.numel() for t in tensors}.values())


def _weights(models: Iterable[nn.Module]) -> dict:
    params = _params(models)
    return {"params": params, "memory_mb": params * BYTES / 1e6}


@torch.no_grad()
def _tflops(unet: UNet2DConditionModel, side: int, tokens: int, task: str | None = None) -> dict:
    """TFLOPs of one forward, {"without_attention_products", "with_attention_products"}."""
    config = unet.config
    width = config.encoder_hid_dim or config.cross_attention_dim
    width = width if isinstance(width, int) else width[0]
    inputs = {
        "sample": torch.empty(1, config.in_channels, side, side, device="meta"),
        "timestep": torch.empty(1, device="meta"),
        "encoder_hidden_states": torch.empty(1, tokens, width, device="meta"),
    }
    if config.addition_embed_type == "text_time":
        text = (
            config.projection_class_embeddings_input_dim - TIME_IDS * config.addition_time_embed_dim
        )
        inputs["added_cond_kwargs"] = {
            "text_embeds": torch.empty(1, text, device="meta"),
            "time_ids": torch.empty(1, TIME_IDS, device="meta"),
        }
    if task is not None:
        channels = unet.mtu_config.tasks[task]
        inputs |= {"task": task, "condition": torch.empty(1, channels, side, side, device="meta")}
    with FlopCounterMode(display=False) as counter:
        unet(**inputs)
    counts = counter.get_flop_counts()["Global"]
    attention = sum(count for kind, count in counts.items() if kind in PRODUCTS)
    total = counter.get_total_flops()
    return {
        "without_attention_products": (total - attention) / 1e12,
        "with_attention_products": total / 1e12,
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="mtu.cost", description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="a folder, a hub id, sd15 or sdxl")
    parser.add_argument("--size", type=int, default=512, help="pixels a side (512)")
    parser.add_argument("--tokens", type=int, default=77, help="length of the prompt (77)")
    return run(parser, lambda a: print(json.dumps(cost(a.model, a.size, a.tokens), indent=2)), argv)


if __name__ == "__main__":
    sys.exit(main())
