"""The pipeline a run starts from: a base with its UNet made ready for the recipe's method."""

from pathlib import Path

import torch

from mtu.bases import open_base
from mtu.cli import read_json
from mtu.loading import INDEX
from mtu.pipeline import MTUPipeline
from mtu.tasks import TASKS
from mtu.trained import mark_trained
from mtu.upcycle import SDXL_GUIDANCE, SDXL_STEPS

from ..recipe import Recipe, RecipeError
from . import tiny
from .methods import lower_frozen, upcycled
from .options import FinetuneOptions

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
        raise RecipeError("The stage finetune is for latent models; this base has no autoencoder.")
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
    """A plain base as a pipeline that only draws, with the paper's guidance and steps."""
    if name in tiny.NAMES:
        parts, settings = tiny.tiny_parts(name), {}
    else:
        base = open_base(name)
        if "vae" not in base.parts:
            raise RecipeError("The stage finetune is for latent models; this base has no "
                              "autoencoder.")
        parts = {part: base.component(part, torch.float32) for part in base.parts}
        parts["unet"] = base.unet.float()
        settings = {"force_zeros_for_empty_prompt":
                    bool(base.index.get("force_zeros_for_empty_prompt", False))}
    unet, scheduler = parts["unet"], parts["scheduler"]
    is_sdxl = unet.config.addition_embed_type == "text_time"
    guidance = {task: [spec.guidance_scale, spec.image_guidance_scale]
                for task, spec in TASKS.items()}
    factor = 2 ** (len(parts["vae"].config.block_out_channels) - 1)
    return MTUPipeline(
        **parts, prediction_type=scheduler.config.get("prediction_type", "epsilon"),
        default_size=unet.config.sample_size * factor,
        default_steps=SDXL_STEPS if is_sdxl else 20,
        guidance=SDXL_GUIDANCE if is_sdxl else guidance, **settings)


def rebuilt(pipe: MTUPipeline, unet, options: FinetuneOptions) -> MTUPipeline:
    """The same pipeline around another UNet, with the recipe's settings where it has any."""
    settings = {name: value for name, value in pipe.config.items() if not name.startswith("_")
                and name not in pipe.components}
    if options.default_steps:
        settings["default_steps"] = options.default_steps
    if options.guidance:
        settings["guidance"] = options.guidance
    return MTUPipeline(**{**pipe.components, "unet": unet}, **settings)
