"""`--dry-run` of the stage "finetune", with the base's files or, by its architecture, without."""

import os

import torch
from diffusers import UNet2DConditionModel

from mtu.cost_configs import PAPER

from ..recipe import Recipe
from . import report
from .base import TORCH
from .methods import lower_frozen, upcycled
from .options import FinetuneOptions, read_options
from .rows import Rows
from .stage import FinetuneStage

LATENT = 8  # pixels per latent element of Stable Diffusion's autoencoders


def dry_run(recipe: Recipe) -> str:
    """The resolved recipe, what is trained, memory, steps, and the time of a measured step.

    Where the base or the data cannot be had, the recipe's `architecture` stands in for the base,
    on the meta device, and the report says what is missing. ValueError or OSError where it names
    none.
    """
    options, missing = read_options(recipe), None
    processes = int(os.environ.get("WORLD_SIZE", 1))
    try:
        stage = FinetuneStage(recipe)
        module, side = stage.module, stage.side // stage.pipe.space.factor
        plan = report.plan(recipe, processes, stage.rows.epoch_rows)
    except (ValueError, OSError) as error:
        if options.architecture is None:
            raise
        missing = " ".join(str(error).split())
        module = on_meta(recipe, options)
        size = options.size or PAPER[options.architecture][0]["sample_size"] * LATENT
        side, plan = size // LATENT, _plan(recipe, options, processes, size)
    share = max(recipe.batch_size // (processes * recipe.accumulate), options.group)
    parts = report.memory(module, recipe, side, share)
    lines = [*report.tensors(module), report.shown_memory(parts, share), *plan]
    if missing:
        lines.append(f"time not measured: {missing}")
    else:
        lines.append(report.shown_time(recipe, processes, *report.measured_step(stage, recipe)))
    return recipe.to_yaml() + "\n".join(f"# {line}" for line in lines)


def _plan(recipe: Recipe, options: FinetuneOptions, processes: int, size: int) -> list[str]:
    try:
        return report.plan(recipe, processes, Rows(recipe, options, size).epoch_rows)
    except (ValueError, OSError) as error:
        return [f"steps {recipe.steps:,} of {recipe.batch_size} rows; steps per epoch not known: "
                + " ".join(str(error).split())]


def on_meta(recipe: Recipe, options: FinetuneOptions):
    """The UNet of `options.architecture`, ready for the method, without any memory."""
    with torch.device("meta"):
        base = UNet2DConditionModel(**PAPER[options.architecture][0])
        module = upcycled(base, options, list(recipe.task_weights))
    if options.frozen != "fp32":
        lower_frozen(module, TORCH[options.frozen])
    if options.gradient_checkpointing:
        module.enable_gradient_checkpointing()
    return module
