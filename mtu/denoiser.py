"""Any diffusers denoiser whose blocks hold a FeedForward, with several tasks.

`find` walks a model, `MTUDenoiser` swaps and runs. `MTUUNet2DConditionModel` is the class for
Stable Diffusion's UNet: it saves, loads and folds as a diffusers model does. This one is for every
other denoiser, whatever its forward takes.
"""

import inspect
from collections.abc import Sequence
from typing import NamedTuple

import torch
from diffusers.models.attention import FeedForward
from diffusers.models.normalization import FP32LayerNorm
from torch import nn

from .config import MTUConfig
from .experts import ExpertFeedForward
from .inputs import TaskConv
from .multitask import MultiTask
from .norms import TaskLayerNorm
from .router import Router
from .rows import Rows

# A feed-forward's name in its block -> names of the norm in front of it, in diffusers' blocks
NORMS = {
    "ff": ("norm3", "norm2"),
    "ffn": ("norm3", "norm2"),
    "ff_in": ("norm_in",),
    "ff_context": ("norm2_context",),
    "img_mlp": ("img_norm2",),
    "txt_mlp": ("txt_norm2",),
}
# What reads the sample in diffusers' models of pictures, and what makes one a model of videos
INPUTS = ("conv_in", "pos_embed.proj", "x_embedder", "img_in")
VIDEO = ("Motion", "SpatioTemporal", "I2VGen", "3D")
LOOKS_LIKE_ONE = ("ff", "feed_forward", "feedforward", "ffn", "mlp")


class Site(NamedTuple):
    """A feed-forward to upcycle: `block`.`ff` in the model. norm: the name of the block's affine
    norm in front of it; None if there is none, for the reason in `norm_stays`."""

    block: str
    ff: str
    norm: str | None
    norm_stays: str | None


class Found(NamedTuple):
    """sites: in the model's order. left: what stays as it is, kind of block -> reason. input: the
    layer that reads the sample, or None, for the reason in `no_condition`."""

    sites: tuple[Site, ...]
    left: dict[str, str]
    input: str | None
    no_condition: str | None


def find(model: nn.Module) -> Found:
    """Walk a denoiser: every transformer block (what holds an attention) with a FeedForward of
    diffusers. ValueError with the class and the reason if there is none."""
    sites, left = [], {}
    for name, block in model.named_modules():
        children = dict(block.named_children())
        layers = [child for child, module in children.items() if isinstance(module, FeedForward)]
        has_attention = any("attn" in child or "attention" in child for child in children)
        if layers and has_attention:
            sites += [Site(name, child, *_norm_before(block, child)) for child in layers]
        elif layers:
            left[type(block).__name__] = "a FeedForward and no attention: not a block"
        elif has_attention:
            others = [f"{c}: {_kind(m)}" for c, m in children.items() if _is_like(c)]
            if others:
                left[type(block).__name__] = f"no such FeedForward ({', '.join(others)})"
    if not sites:
        kind = type(model).__name__
        reasons = [f"{block} has {reason}" for block, reason in left.items()]
        reason = "; ".join(reasons) or "no module of it holds an attention and a feed-forward"
        raise ValueError(f"{kind} has no block with diffusers' FeedForward to upcycle: {reason}")
    return Found(tuple(sites), left, *_input(model))


class MTUDenoiser(MultiTask, nn.Module):
    """A denoiser whose experts, norms and input depend on each row's task (METHOD §1, §4).

    model: changed in place, in peft's manner: its FeedForwards become experts over the same
    tensors, affine norms in front of them become one per task, and what reads the sample, where it
    can read more channels, one per task. All other parameters are frozen. config: its tasks may
    have condition channels only where the input can be widened. found: what the walk found.

    New tensors are drawn from torch's global generator. Raises ValueError with the reason, and
    leaves the model as it was, if no feed-forward can be upcycled or a condition cannot be read.
    """

    def __init__(self, model: nn.Module, config: MTUConfig):
        super().__init__()
        self.found = find(model)
        self.mtu_config = config
        self.rows = Rows()
        if self.found.input is None and any(config.tasks.values()):
            reason = f"{type(model).__name__} takes no condition: {self.found.no_condition}"
            raise ValueError(f"{reason}; give its tasks 0 condition channels")
        like = next(model.parameters())
        like = {"device": like.device, "dtype": like.dtype}
        experts = [_experts(model, site, config, self.rows, like) for site in self.found.sites]
        for site, layer in zip(self.found.sites, experts, strict=True):
            block = model.get_submodule(site.block)
            setattr(block, site.ff, layer)
            if site.norm is not None:
                norm = TaskLayerNorm(getattr(block, site.norm), len(config.tasks), self.rows)
                setattr(block, site.norm, norm)
        if self.found.input is not None:
            layer = TaskConv(model.get_submodule(self.found.input), config.tasks, self.rows)
            model.set_submodule(self.found.input, layer)
        embedding = torch.randn(len(config.tasks), config.task_embed_dim)
        self.task_embedding = nn.Parameter(embedding.to(**like))
        self.model = model
        self._sample_name = next(iter(inspect.signature(model.forward).parameters))
        self.freeze_base()
        self.train(model.training)

    def forward(self, *args, task: str | Sequence[str] | torch.Tensor, condition=None, **kwargs):
        """The model's own forward, over rows of the given tasks.

        task: a name for all rows, a name per row, or indices (B,). condition: shaped as the
        sample, but for its channels: dimension 1 of pictures, the last of tokens; a row reads its
        task's first channels. Raises ValueError for tasks or a condition that do not fit, and if
        rows of different tasks are given to a model that folds other things into the batch.
        """
        sample, *rest = args if args else (kwargs.pop(self._sample_name),)
        tasks = self._task_indices(task, len(sample))
        self.rows.set(tasks, self.task_embedding)
        dim = -1 if sample.ndim == 3 else 1
        sample = self._with_condition(sample, condition, tasks, dim)
        return self.model(sample, *rest, **kwargs)

    def enable_gradient_checkpointing(self) -> None:
        """Of the model, whose blocks are recomputed with the tasks they ran with."""
        self.model.enable_gradient_checkpointing(self.rows.checkpoint)


def _experts(model: nn.Module, site: Site, config: MTUConfig, rows: Rows, like: dict):
    router = Router(
        config.task_embed_dim, config.router_hidden_dim, config.num_experts, config.init
    )
    layer = model.get_submodule(f"{site.block}.{site.ff}".lstrip("."))
    return ExpertFeedForward(layer, router.to(**like), config.num_experts, rows)


def _norm_before(block: nn.Module, ff: str) -> tuple[str | None, str | None]:
    """(name, None) of the affine norm in front of a feed-forward, or (None, why there is none)."""
    names = [name for name in NORMS.get(ff, ()) if getattr(block, name, None) is not None]
    if not names:
        return None, "no norm known in front of it"
    norm = getattr(block, names[0])
    if type(norm) not in (nn.LayerNorm, FP32LayerNorm):
        return None, f"{names[0]} is a {type(norm).__name__}, not a LayerNorm"
    if norm.weight is None or norm.bias is None:
        return None, f"{names[0]} has no weight and bias of its own (AdaLN's take their place)"
    return names[0], None


def _input(model: nn.Module) -> tuple[str | None, str | None]:
    """(name, None) of the layer that reads the sample's channels, or (None, why there is none)."""
    if any(part in type(model).__name__ for part in VIDEO):
        return None, "its samples are videos"
    channels = getattr(getattr(model, "config", None), "in_channels", None)
    modules = dict(model.named_modules())
    for name in INPUTS:
        layer = modules.get(name)
        if layer is None:
            continue
        width = getattr(layer, "in_channels", getattr(layer, "in_features", None))
        if type(layer) not in (nn.Conv2d, nn.Linear):
            return None, f"{name} is a {type(layer).__name__}, not a Conv2d or a Linear"
        if width != channels or getattr(layer, "groups", 1) != 1:
            return None, f"{name} reads {width} values where a sample has {channels} channels"
        return name, None
    return None, f"it has no {', '.join(INPUTS[:-1])} or {INPUTS[-1]} that could read more channels"


def _is_like(child: str) -> bool:
    parts = {child, *child.split("_")}
    return "norm" not in child and not parts.isdisjoint(LOOKS_LIKE_ONE)


def _kind(module: nn.Module) -> str:
    """The class's name; with its file's where some model calls its own class FeedForward."""
    kind = type(module)
    if kind.__name__ != FeedForward.__name__:
        return kind.__name__
    return f"{kind.__module__.rsplit('.', 1)[-1]}.{kind.__name__}"
