"""Weights in memory of one multi-task pipeline and of the four it stands for.

Only weights: activations, and the safety checker that three of the four would each bring, are
left out on both sides.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import diffusers
import torch
import transformers
from torch import nn

from .cli import read_json
from .cost_configs import PIPELINES
from .loading import INDEX

BYTES = {"fp16": 2, "fp32": 4}  # a parameter's; bf16 is as large as fp16
COUNTED = ("text_encoder", "text_encoder_2", "text_encoder_3", "vae", "transformer")
LIBRARIES = {"diffusers": diffusers, "transformers": transformers}


def unique_params(models: Iterable[nn.Module]) -> int:
    """Parameters of models together, those they share counted once."""
    tensors = (tensor for model in models for tensor in model.parameters())
    return sum({t.untyped_storage()._cdata: t.numel() for t in tensors}.values())


def memory_mb(params: int) -> dict[str, float]:
    """{"fp16", "fp32"}: 10⁶ bytes that many parameters take."""
    return {name: params * size / 1e6 for name, size in BYTES.items()}


def compare(base: nn.Module, mtu: nn.Module, folded: Mapping[str, nn.Module], parts: dict) -> dict:
    """One multi-task pipeline against four, in parameters, memory and their ratio.

    folded: task -> its plain UNet. parts: what else a pipeline of the base holds, name -> params.
    The four are the family's published ones where `base` is SD1.5's or SDXL's UNet, or else one
    pipeline of the base a task, each with its own UNet. Returns {"kind", "one", "one_and_a_folded_
    task", "four", "ratio", "ratio_with_a_folded_task"}: parameters, and memory_mb at two widths.
    """
    rest = sum(parts.values())
    family = _family(base)
    if family is None:
        peers = {task: unique_params([unet]) + rest for task, unet in folded.items()}
    else:
        peers = {name: sum(peer_parts(*peer).values()) for name, peer in PIPELINES[family].items()}
    four = sum(peers.values())
    one = unique_params([mtu]) + rest
    with_folded = max(unique_params([mtu, unet]) for unet in folded.values()) + rest
    return {
        "kind": family or "one pipeline of the base a task",
        "one": {"unet": one - rest} | parts | _sized(one),
        "one_and_a_folded_task": _sized(with_folded),
        "four": peers | _sized(four),
        "ratio": one / four,
        "ratio_with_a_folded_task": with_folded / four,
    }


def peer_parts(unet: dict, vae: dict, text_encoders: tuple) -> dict[str, int]:
    """Parameters of a published pipeline's parts, from its configurations."""
    with torch.device("meta"):
        parts = {
            "unet": diffusers.UNet2DConditionModel(**unet),
            "vae": diffusers.AutoencoderKL(**vae),
        }
        for index, (kind, config) in enumerate(text_encoders):
            kind = getattr(transformers, kind)
            name = f"text_encoder_{index + 1}" if index else "text_encoder"
            parts[name] = kind(kind.config_class(**config))
    return {name: unique_params([model]) for name, model in parts.items()}


def folder_parts(folder: Path) -> dict[str, int]:
    """Parameters of what a pipeline folder holds beside its UNet, from the configurations there.

    ValueError if one is of a class that diffusers and transformers do not have.
    """
    parts = {}
    for name, value in read_json(folder / INDEX).items():
        if name not in COUNTED or not isinstance(value, list) or value[0] is None:
            continue
        kind = getattr(LIBRARIES.get(value[0]), str(value[1]), None)
        if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
            raise ValueError(f"the {name} in {folder} is a {value[1]}, which is not known here")
        config = read_json(folder / name / "config.json")
        with torch.device("meta"):
            if issubclass(kind, transformers.PreTrainedModel):
                model = kind(kind.config_class.from_dict(config))
            else:
                model = kind.from_config(config)
        parts[name] = unique_params([model])
    return parts


def _family(base: nn.Module) -> str | None:
    """The family whose UNet has the very shapes of `base`."""
    shapes = {name: tensor.shape for name, tensor in base.state_dict().items()}
    for family, pipelines in PIPELINES.items():
        config = next(iter(pipelines.values()))[0]
        if config["cross_attention_dim"] != base.config.cross_attention_dim:
            continue
        with torch.device("meta"):
            published = diffusers.UNet2DConditionModel(**config)
        if {name: tensor.shape for name, tensor in published.state_dict().items()} == shapes:
            return family
    return None


def _sized(params: int) -> dict:
    return {"params": params, "memory_mb": memory_mb(params)}
