"""The training loop shared by all stages: resumable, seeded, through accelerate.

A stage supplies the module, the data set and the loss; everything random in a step is drawn from
generators seeded by (recipe seed, step), so that a run interrupted and resumed equals one that
was not. A stage that is `parallel` may be shared by processes (accelerate launch, torchrun) and
passes: plain data parallelism, every process holding the whole model.
"""

import math
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from . import checkpoint
from .balance import Balance
from .ema import PowerEMA, restore
from .log import Log
from .optim import Optimizers, rate_factor
from .parallel import Shares, reduced
from .recipe import Recipe, RecipeError


class Stage(Protocol):
    """What the loop needs to know of a stage.

    One with `parallel = True` calls `self.forward` (which the loop replaces by the distributed
    module) instead of `self.module`, and its `losses` of a share of the batch are that share's
    part of the whole batch's: they add up over shares.
    """

    module: nn.Module

    def dataset(self) -> Dataset: ...

    def collate(self, rows: list): ...

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]: ...

    def sample(self, folder: Path, step: int) -> None: ...

    def export(self, folder: Path) -> None: ...


class Trainer:
    """Runs one stage from its last checkpoint (or from the start) to `recipe.steps`.

    deadline: in seconds of time.monotonic(); a run that reaches it ends as if interrupted.
    """

    def __init__(self, stage: Stage, recipe: Recipe, resume: bool, quiet: bool = False,
                 deadline: float | None = None):
        self.stage, self.recipe, self.quiet = stage, recipe, quiet
        on_cpu = not torch.cuda.is_available()
        if on_cpu and recipe.precision == "fp16":  # accelerate would go on in float32
            raise RecipeError("The precision fp16 needs a GPU; bf16 and no do not.")
        self.accelerator = Accelerator(mixed_precision=recipe.precision, cpu=on_cpu)
        self.processes = self.accelerator.num_processes
        self.is_main = self.accelerator.is_main_process
        if self.processes * recipe.accumulate > 1 and not getattr(stage, "parallel", False):
            raise RecipeError(f"The stage {recipe.stage} runs in one process and one pass a step.")
        stage.module.to(self.accelerator.device)
        self.optimizers = Optimizers(stage.module, recipe)
        self.ema = PowerEMA(stage.module, recipe.ema_std)
        self.balance = Balance(recipe.balance)
        self.folder = recipe.path("run_dir")
        self.step = 0
        self.stopping, self.interrupt = False, _Interrupt(deadline)
        if resume:
            self._resume()
        if self.processes > 1:
            stage.forward = self.accelerator.prepare_model(stage.module)
        if self.is_main:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "recipe.yaml").write_text(recipe.to_yaml())

    def _resume(self) -> None:
        found = checkpoint.load(self.folder / "checkpoint")
        if not found:
            return
        groups, meta = found
        own = {n: p for n, p in self.stage.module.named_parameters() if p.requires_grad}
        shapes = {name: tensor.shape for name, tensor in own.items()}
        if shapes != {name: tensor.shape for name, tensor in groups["weights"].items()}:
            raise RecipeError(f"The checkpoint in {self.folder} is of another model or method "
                              "than this recipe's.")
        with torch.no_grad():
            for name, tensor in groups["weights"].items():
                own[name].copy_(tensor)
        self.ema.tensors = {k: v.to(self.accelerator.device) for k, v in groups["ema"].items()}
        self.optimizers.load_state_tensors(groups["optimizer"])
        self.step = int(meta["step"])
        self.balance.means = dict(meta.get("balance", {}))
        if self.accelerator.scaler is not None and "scaler" in meta:
            self.accelerator.scaler.load_state_dict(meta["scaler"])

    def save(self) -> None:
        """Write a whole checkpoint of this moment (the main process does)."""
        if not self.is_main:
            return
        meta = {"step": self.step, "stage": self.recipe.stage, "balance": self.balance.means}
        if self.accelerator.scaler is not None:
            meta["scaler"] = self.accelerator.scaler.state_dict()
        weights = {n: p for n, p in self.stage.module.named_parameters() if p.requires_grad}
        checkpoint.save(
            self.folder / "checkpoint",
            {"weights": weights, "ema": self.ema.tensors,
             "optimizer": self.optimizers.state_tensors()},
            meta,
        )

    def _loader(self) -> DataLoader:
        recipe = self.recipe
        shares = Shares(
            self.step, recipe.steps, recipe.batch_size, getattr(self.stage, "group", 1),
            self.accelerator.process_index, self.processes, recipe.accumulate)
        return DataLoader(self.stage.dataset(), batch_sampler=shares,
                          collate_fn=self.stage.collate, num_workers=recipe.workers,
                          prefetch_factor=4 if recipe.workers else None)

    def train_step(self, *batches) -> dict[str, float]:
        """One optimiser step on this process's batches, one per pass; returns the losses by name,
        those of the whole batch. RuntimeError where the gradients are not numbers any more."""
        seed = (self.recipe.seed * 1_000_003 + self.step) % 2**63
        generator = torch.Generator().manual_seed(seed)
        sums: dict[str, torch.Tensor] = {}
        for number, batch in enumerate(batches, start=1):
            with self._synchronised(number == len(batches)):
                with self.accelerator.autocast():
                    losses = self.stage.losses(batch, generator)
                weights = self.balance.weights(losses)
                total = sum(weights[name] * value for name, value in losses.items())
                # gradients are averaged over processes, losses added up
                self.accelerator.backward(self.processes * total)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0) + value.detach()
        values, self.stopping = reduced(sums, self.interrupt.asked)
        self._update()
        self.balance.update(values)
        return values

    def _synchronised(self, last: bool):
        """Gradients are exchanged once, in the last pass."""
        if last or self.processes == 1:
            return nullcontext()
        return self.accelerator.no_sync(self.stage.forward)

    def _update(self) -> None:
        """Clip, step all optimisers, and take the weights into their average.

        Gradients that are not numbers end the run instead of spoiling the weights; a scaler skips
        such a step. (A loss may be none without harm, the mean over no masked word.)
        """
        scaler = self.accelerator.scaler
        if scaler is not None:
            for optimizer in self.optimizers.all:
                scaler.unscale_(optimizer)
        norm = nn.utils.clip_grad_norm_(self.optimizers.parameters, self.recipe.clip)
        if scaler is None and not math.isfinite(norm):
            raise RuntimeError(f"The gradients of step {self.step + 1} are not numbers any more; "
                               f"the last checkpoint is in {self.folder}.")
        self.optimizers.step(rate_factor(self.step, self.recipe.steps, self.recipe.warmup,
                                         self.recipe.decay), scaler)
        if scaler is not None:
            scaler.update()
        self.step += 1
        self.ema.update(self.stage.module, self.step)

    def _with_average(self, action) -> None:
        before = self.ema.copy_to(self.stage.module)
        training = self.stage.module.training
        self.stage.module.eval()
        try:
            with torch.no_grad():
                action()
        finally:
            restore(self.stage.module, before)
            self.stage.module.train(training)

    def run(self, until: int | None = None) -> bool:
        """Train to `until` (default: the recipe's steps), then export the averaged weights.

        Interrupted (SIGINT, SIGTERM), it finishes the step, saves and returns False.
        """
        recipe, stop = self.recipe, min(until or self.recipe.steps, self.recipe.steps)
        saved = sampled = time.monotonic()
        self.stage.module.train()
        with self.interrupt, _Progress(self) as progress:
            for batches in _grouped(self._loader(), recipe.accumulate):
                if self.step >= stop or self.stopping:
                    break
                progress.note(self.train_step(*batches))
                now = time.monotonic()
                if now - saved > recipe.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
                if now - sampled > recipe.sample_seconds and self.is_main:
                    self._with_average(lambda: self.stage.sample(self.folder, self.step))
                    sampled = time.monotonic()
        self.save()
        if self.step >= recipe.steps and recipe.export_to and self.is_main:
            self._with_average(lambda: self.stage.export(recipe.path("export_to")))
        self.accelerator.wait_for_everyone()
        return not self.stopping


def _grouped(batches: Iterable, size: int) -> Iterator[list]:
    """Lists of `size` batches each."""
    group = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []


class _Progress:
    """The bar, the losses' file and TensorBoard, all of them the main process's."""

    def __init__(self, trainer: Trainer):
        self.trainer, self.smooth = trainer, {}

    def __enter__(self) -> "_Progress":
        trainer, recipe = self.trainer, self.trainer.recipe
        self.log = None
        if trainer.is_main:
            self.log = Log(trainer.folder, trainer.step, recipe.tensorboard)
        self.bar = tqdm(
            total=recipe.steps * recipe.batch_size, initial=trainer.step * recipe.batch_size,
            unit="img", disable=trainer.quiet or not trainer.is_main, mininterval=5,
            desc=recipe.stage)
        return self

    def note(self, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            self.smooth[name] = value + 0.95 * (self.smooth.get(name, value) - value)
        if self.log:
            self.log.write(self.trainer.step, losses)
        self.bar.update(self.trainer.recipe.batch_size)
        shown = {name: f"{value:.4f}" for name, value in self.smooth.items()}
        self.bar.set_postfix(shown, refresh=False)

    def __exit__(self, *_) -> None:
        self.bar.close()
        if self.log:
            self.log.close()


class _Interrupt:
    """Turns SIGINT, SIGTERM and a deadline into a wish that the loop reads between steps."""

    def __init__(self, deadline: float | None):
        self._told, self._deadline = False, deadline

    @property
    def asked(self) -> bool:
        late = self._deadline is not None and time.monotonic() > self._deadline
        return self._told or late

    def __enter__(self) -> "_Interrupt":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def _ask(self, *_) -> None:
        self._told = True

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
