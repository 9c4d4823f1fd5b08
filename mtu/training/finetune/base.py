"""The pipeline a run starts from: a base with its UNet made ready for the recipe's method."""

from pathlib import Path

import torch

from mtu.bases import open_base
from mtu.cli import read_json
from mtu.delta import weights_hash
from mtu.loading import INDEX
from mtu.pipeline import MTUPipeline
from mtu.trained import mark_trained
from mtu.upcycle import pipeline_settings

from ..recipe import Recipe, RecipeError
from . import tiny
from .methods import lower_frozen, upcycled
from .options import FinetuneOptions

NO_AUTOENCODER = "The stage finetune is for latent models; this base has no autoencoder."
TORCH = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def open_pipeline(recipe: Recipe, options: FinetuneOptions) -> MTUPipeline:
    """The recipe's base as an MTUPipeline whose UNet is ready to be trained, in float32.

    init_from: a diffusers folder, a hub id, a single .safetensors file, an MTU pipeline's folder,
    or "tiny" / "tiny-xl" (tiny.py). Raises ValueError or OSError in one sentence.
    """
    if not recipe.init_from:
        raise RecipeError("init_from must name a base: a folder, a hub id, a file, or tiny.")
    torch.manual_seed(recipe.seed)  # routers and adapters are drawn from it
    name = recipe.init_from if recipe.init_from in tiny.NAMES else str(recipe.path("init_from"))
    if _is_upcycled(Path(name)):
        pipe = MTUPipeline.from_pretrained(name)
    else:
        pipe = _from_base(name)
    if pipe.vae is None:
        raise RecipeError(NO_AUTOENCODER)
    if options.export == "delta":
        _check_delta(pipe, options)
    torch.manual_seed(recipe.seed)
    unet = upcycled(pipe.unet, options, list(recipe.task_weights))
    pipe = rebuilt(pipe, unet, options)
    mark_trained(unet, recipe.task_weights)
    if options.frozen != "fp32":
        lower_frozen(unet, TORCH[options.frozen])
    if options.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    return pipe


def _is_upcycled(folder: Path) -> bool:
    return (folder / INDEX).is_file() \
        and read_json(folder / INDEX).get("_class_name") == MTUPipeline.__name__


def _from_base(name: str) -> MTUPipeline:
    """A plain base as a pipeline that only draws, set up as `mtu.upcycle` does it."""
    if name in tiny.NAMES:
        return MTUPipeline(**tiny.tiny_parts(name), default_size=tiny.SIDE,
                           force_zeros_for_empty_prompt=name == "tiny-xl")
    base = open_base(name)
    if "vae" not in base.parts:
        raise RecipeError(NO_AUTOENCODER)
    made_for = {"name": base.name, "sha256": weights_hash(base.unet)}
    parts = {part: base.component(part, torch.float32) for part in base.parts}
    return MTUPipeline(unet=base.unet.float(), **parts, **pipeline_settings(base),
                       upcycled_from=made_for)


def _check_delta(pipe: MTUPipeline, options: FinetuneOptions) -> None:
    """A delta holds the feed-forwards, norms and input convolutions, and names its base."""
    if options.method in ("single_task", "ia3") or options.component in ("sa", "ca"):
        raise RecipeError(f"The method {options.method} trains more than a delta holds: "
                          "export must be pipeline.")
    if pipe.config.upcycled_from is None:
        raise RecipeError("The base of this model is not recorded: export must be pipeline.")


def rebuilt(pipe: MTUPipeline, unet, options: FinetuneOptions) -> MTUPipeline:
    """The same pipeline around another UNet, with the recipe's settings where it has any."""
    settings = {name: value for name, value in pipe.config.items() if not name.startswith("_")
                and name not in pipe.components}
    if options.default_steps:
        settings["default_steps"] = options.default_steps
    if options.guidance:
        settings["guidance"] = options.guidance
    return MTUPipeline(**{**pipe.components, "unet": unet}, **settings)
