"""What a dry run says: what is trained, the memory and the time it will take. Nothing is written.
"""

import tempfile
import time
from collections import Counter
from dataclasses import replace

import torch
from torch import nn
from torch.func import functional_call

from mtu.cost_flops import step_inputs

from ..loop import Trainer
from ..recipe import Recipe

GROUPS = (  # what a parameter's name holds -> how the report calls it; the first that fits
    ("lora_", "LoRA"), ("ia3_", "(IA)³"), ("task_embedding", "task embedding"),
    (".router.", "routers"), (".ff.net.", "experts"), (".norm3.", "task norms"),
    ("conv_in.", "input convolutions"), (".attn1.", "self-attention"),
    (".attn2.", "cross-attention"), ("", "the rest"),
)
BYTES = {"no": 4, "bf16": 2, "fp16": 2}  # of an activation
TOKENS = 77


def tensors(module: nn.Module) -> list[str]:
    """Lines: how many tensors and parameters are trained, group by group."""
    counts, sizes = Counter(), Counter()
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            group = next(called for part, called in GROUPS if part in name)
            counts[group] += 1
            sizes[group] += parameter.numel()
    total = sum(parameter.numel() for parameter in module.parameters())
    lines = [f"trainable {sum(sizes.values()):,} of {total:,} parameters, "
             f"{sum(counts.values())} tensors"]
    return lines + [f"  {group:<20}{counts[group]:>5} tensors {sizes[group]:>14,} parameters"
                    for _, group in GROUPS if counts[group]]


def memory(module: nn.Module, recipe: Recipe, side: int, rows: int) -> dict[str, float]:
    """Bytes on one device by use. side: of the latent; rows: of one pass of one process."""
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    weights = sum(p.numel() * p.element_size() for p in module.parameters())
    states = 2 * trained * (1 if recipe.optimizer == "adamw8bit" else 4)
    return {"weights": weights, "gradients": 4 * trained, "optimiser": states,
            "average": 4 * trained,
            "activations": rows * BYTES[recipe.precision] * saved_values(module, side)}


def saved_values(module: nn.Module, side: int) -> int:
    """Numbers that autograd keeps of one row's forward for its backward, on the meta device.

    With gradient checkpointing these are the blocks' inputs alone; what is computed again in the
    backward of one block comes on top.
    """
    tasks = module.mtu_config.tasks
    task = max(tasks, key=tasks.get)
    device, held, own = torch.device("meta"), {}, set()
    state = {}
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        floating = tensor.is_floating_point()
        state[name] = torch.empty(tensor.shape, device=device, requires_grad=tensor.requires_grad,
                                  dtype=torch.float32 if floating else tensor.dtype)
        own.add(state[name].untyped_storage()._cdata)

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()  # kept, so that no other takes its number
        if storage._cdata not in own:
            held[storage._cdata] = (storage, tensor.numel())
        return tensor

    inputs = {name: _on_meta(value) for name, value in step_inputs(module, side, TOKENS).items()}
    inputs["sample"] = inputs["sample"][:, : module.config.out_channels]
    condition = torch.empty(1, tasks[task], side, side, device=device)
    training = module.training
    module.train()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        functional_call(module, state, (), {**inputs, "task": task, "condition": condition})
    module.train(training)
    return sum(count for _, count in held.values())


def _on_meta(value):
    if isinstance(value, dict):
        return {name: _on_meta(part) for name, part in value.items()}
    return torch.empty(value.shape, device="meta",
                       dtype=torch.float32 if value.is_floating_point() else value.dtype)


def measured_step(stage, recipe: Recipe) -> tuple[float, int, str]:
    """(seconds, rows, device) of one optimiser step over one pass's rows, or on a CPU over one
    group's; the second of two, with the recipe's data, encoders and optimiser."""
    with tempfile.TemporaryDirectory() as folder:
        trial = replace(recipe, run_dir=folder, export_to=None, tensorboard="off")
        trainer = Trainer(stage, trial, resume=False, quiet=True)
        rows = stage.group
        if trainer.accelerator.device.type != "cpu":
            rows = recipe.batch_size // (trainer.processes * recipe.accumulate)
            rows -= rows % stage.group
        for turn in range(2):
            examples = [stage.rows[turn * recipe.batch_size + k] for k in range(rows)]
            began = time.perf_counter()
            trainer.train_step(stage.collate(examples))  # its losses are numbers: it has ended
            seconds = time.perf_counter() - began
        return seconds, rows, str(trainer.accelerator.device)


def plan(recipe: Recipe, processes: int, epoch_rows: int | None) -> list[str]:
    """Lines: how the batch is shared and how many steps there are."""
    lines = [f"steps {recipe.steps:,} of {recipe.batch_size} rows, in {processes} processes with "
             f"{recipe.accumulate} passes each"]
    if epoch_rows is None:
        return [*lines, "steps per epoch: the data never ends"]
    per_epoch = epoch_rows / recipe.batch_size
    return [*lines, f"steps per epoch {per_epoch:,.1f}, epochs {recipe.steps / per_epoch:.1f} "
            "(an epoch: every data set read through at least once)"]


def shown_memory(parts: dict[str, float], rows: int) -> str:
    unit, called = (1e9, "GB") if sum(parts.values()) >= 1e9 else (1e6, "MB")
    said = ", ".join(f"{name} {size / unit:.2f}" for name, size in parts.items())
    return (f"memory of a process about {sum(parts.values()) / unit:.2f} {called}: {said} "
            f"({rows} rows a pass; autoencoder and text encoders not counted)")


def shown_time(recipe: Recipe, processes: int, seconds: float, rows: int, device: str) -> str:
    step = seconds * recipe.batch_size / processes / rows
    return (f"time {seconds:.2f} s for {rows} rows on {device}, measured: about {step:.1f} s a "
            f"step, {recipe.steps * step / 3600:.1f} hours in all")
