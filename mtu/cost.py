"""python -m mtu.cost: parameters, FLOPs and memory of one multi-task model and of four models.

FLOPs are two per multiply-add, of matrix products and convolutions, in one UNet forward of one
picture, without and with attention's two own products (QKᵀ and its product with V): the paper's
.677 and .803 TFLOPs for SD1.5 at 512². Memory is that of weights. Nothing is allocated: models
are built on torch's meta device.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import FeedForward
from torch import nn

from .cli import Parser, read_json, run
from .config import PAPER_WIDTH, MTUConfig, condition_layout
from .cost_configs import PAPER, PIPELINES
from .cost_flops import conv_tflops, tflops
from .cost_pipelines import BYTES, compare, folder_parts, peer_parts, unique_params
from .cost_table import markdown
from .experts import ExpertFeedForward
from .inputs import TaskConv
from .loading import INDEX, find_model
from .norms import TaskLayerNorm
from .router import Router
from .unet import MTUUNet2DConditionModel


def cost(
    model: str | Path, size: int = 512, tokens: int = 77, config: MTUConfig | None = None
) -> dict:
    """Cost of `model`: a folder or hub id of a model or UNet, or "sd15" or "sdxl" as the paper has
    them. size: pixels a side. tokens: length of the prompt. config: how to upcycle; default the
    model's own, the paper's, or `MTUConfig`'s. Returns a JSON-able dict:

    base; mtu; folded, the plain UNets of all tasks with what they share counted once;
    four_pipelines, a UNet of its own for each task; feed_forward, the base's share that becomes
    experts; pipelines, whole ones, against those a user loads today (`cost_pipelines.compare`).
    params and trainable are counts, tflops are per task, memory_mb is in 10⁶ bytes, at 2 bytes a
    parameter where it says nothing else.
    """
    unet_config, mtu_config, pixels, parts = configs(model)
    if size < 1 or size % pixels or tokens < 1:
        raise ValueError(f"size must be a positive multiple of {pixels}, tokens at least 1")
    side = size // pixels
    base, mtu, folded = build(unet_config, config or mtu_config)
    four = sum(unique_params([unet]) for unet in folded.values())
    of_base = tflops(base, side, tokens)
    return {
        "model": str(model),
        "size": size,
        "tokens": tokens,
        "experts": mtu.mtu_config.num_experts,
        "base": _weights(unique_params([base])) | {"tflops": {"t2i": _two(of_base)}},
        "mtu": _weights(unique_params([mtu]))
        | {"trainable": sum(p.numel() for p in mtu.trainable_parameters())}
        | {"parts": _parts(mtu)}
        | {"tflops": _per_task(mtu, dict(mtu.conv_in), side, tokens, mtu.task_names[0])},
        "folded": _weights(unique_params(folded.values()))
        | {"tflops": _folded_tflops(folded, side, tokens)},
        "four_pipelines": _weights(four),
        "feed_forward": _feed_forward(base, of_base),
        "pipelines": compare(base, mtu, folded, parts),
    }


def build(unet_config: dict, config: MTUConfig) -> tuple[nn.Module, nn.Module, dict]:
    """On the meta device: the base, the base upcycled, and task -> its folded UNet."""
    with torch.device("meta"):
        base = UNet2DConditionModel(**unet_config).requires_grad_(False)
    mtu = MTUUNet2DConditionModel.from_unet(base, config)
    return base, mtu, {task: mtu.fold(task) for task in mtu.task_names}


def configs(model: str | Path) -> tuple[dict, MTUConfig, int, dict[str, int]]:
    """Of a model as `cost` takes it: the UNet's config, how it is upcycled, the image's pixels per
    sample pixel, and the parameters of what a pipeline holds beside the UNet. ValueError or
    OSError in one sentence if there is no such model."""
    if model in PAPER:
        config, experts = PAPER[model]
        widths = {"task_embed_dim": PAPER_WIDTH, "router_hidden_dim": PAPER_WIDTH}
        parts = peer_parts(*next(iter(PIPELINES[model].values())))
        del parts["unet"]
        return config, MTUConfig(num_experts=experts, **widths), 8, parts
    folder = Path(model) if Path(model).is_dir() else find_model(model)
    whole = (folder / "unet").is_dir()
    config = read_json((folder / "unet" if whole else folder) / "config.json")
    if config.get("_class_name") not in ("UNet2DConditionModel", "MTUUNet2DConditionModel"):
        raise ValueError(f"{folder} holds no UNet2DConditionModel")
    index = read_json(folder / INDEX) if whole else {}
    parts = folder_parts(folder) if whole else {}
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
        return config, MTUConfig.from_dict(mtu), pixels, parts
    layout = condition_layout(config["in_channels"], patch_size**2)
    return config, MTUConfig(tasks=layout), pixels, parts


def _weights(params: int) -> dict:
    return {"params": params, "memory_mb": params * BYTES["fp16"] / 1e6}


def _two(count: dict) -> dict:
    return {name: value for name, value in count.items() if name != "feed_forward"}


def _per_task(
    unet: nn.Module, convs: dict[str, nn.Conv2d], side: int, tokens: int, task: str | None
) -> dict:
    """task -> TFLOPs. One forward is counted, of the first task; the others' differ by their
    input convolutions alone, which are counted one by one."""
    counted = _two(tflops(unet, side, tokens, task))
    own = {name: conv_tflops(conv, side) for name, conv in convs.items()}
    first = next(iter(own.values()))
    return {
        name: {kind: value + conv - first for kind, value in counted.items()}
        for name, conv in own.items()
    }


def _folded_tflops(folded: dict[str, UNet2DConditionModel], side: int, tokens: int) -> dict:
    convs = {task: unet.conv_in for task, unet in folded.items()}
    return _per_task(next(iter(folded.values())), convs, side, tokens, None)


def _parts(mtu: MTUUNet2DConditionModel) -> dict[str, int]:
    """Parameters of what replaces the base's own, by kind."""
    kinds = {"routers": Router, "norms": TaskLayerNorm, "input_convolutions": TaskConv}
    parts = {
        name: unique_params(module for module in mtu.modules() if isinstance(module, kind))
        for name, kind in kinds.items()
    }
    experts = [module.net for module in mtu.modules() if isinstance(module, ExpertFeedForward)]
    return {"experts": unique_params(experts)} | parts | {
        "task_embedding": mtu.task_embedding.numel()
    }


def _feed_forward(base: UNet2DConditionModel, count: dict) -> dict:
    """The base's feed-forward layers and their share of its parameters and TFLOPs."""
    layers = [module for module in base.modules() if isinstance(module, FeedForward)]
    params = unique_params(layers)
    return {
        "layers": len(layers),
        "params": params,
        "share_of_params": params / unique_params([base]),
        "tflops": count["feed_forward"],
        "share_of_tflops": {
            kind: count["feed_forward"] / value for kind, value in _two(count).items()
        },
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="mtu.cost", description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="a folder, a hub id, sd15 or sdxl")
    parser.add_argument("--size", type=int, default=512, help="pixels a side (512)")
    parser.add_argument("--tokens", type=int, default=77, help="length of the prompt (77)")
    parser.add_argument("--markdown", action="store_true", help="tables instead of JSON")

    def action(args):
        report = cost(args.model, args.size, args.tokens)
        print(markdown(report) if args.markdown else json.dumps(report, indent=2))

    return run(parser, action, argv)


if __name__ == "__main__":
    sys.exit(main())
