"""The training loop shared by all stages: resumable, seeded, through accelerate.

A stage supplies the module, the data set and the loss; everything random in a step is drawn from
generators seeded by (recipe seed, step), so that a run interrupted and resumed equals one that
was not.
"""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from . import checkpoint
from .ema import PowerEMA, restore
from .optim import Optimizers, rate_factor
from .recipe import Recipe


class Stage(Protocol):
    """What the loop needs to know of a stage."""

    module: nn.Module

    def dataset(self) -> Dataset: ...

    def collate(self, rows: list): ...

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]: ...

    def sample(self, folder: Path, step: int) -> None: ...

    def export(self, folder: Path) -> None: ...


class _Window(torch.utils.data.Sampler):
    """Row numbers in order, from the first row of the step that comes next."""

    def __init__(self, start: int, stop: int):
        self.start, self.stop = start, stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))

    def __len__(self) -> int:
        return self.stop - self.start


class Trainer:
    """Runs one stage from its last checkpoint (or from the start) to `recipe.steps`."""

    def __init__(self, stage: Stage, recipe: Recipe, resume: bool, quiet: bool = False):
        self.stage, self.recipe, self.quiet = stage, recipe, quiet
        on_cpu = not torch.cuda.is_available()
        self.accelerator = Accelerator(mixed_precision=recipe.precision, cpu=on_cpu)
        stage.module.to(self.accelerator.device)
        self.optimizers = Optimizers(stage.module, recipe)
        self.ema = PowerEMA(stage.module, recipe.ema_std)
        self.folder = recipe.path("run_dir")
        self.step = 0
        if resume:
            self._resume()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "recipe.yaml").write_text(recipe.to_yaml())

    def _resume(self) -> None:
        found = checkpoint.load(self.folder / "checkpoint")
        if not found:
            return
        groups, meta = found
        own = dict(self.stage.module.named_parameters())
        with torch.no_grad():
            for name, tensor in groups["weights"].items():
                own[name].copy_(tensor)
        self.ema.tensors = {k: v.to(self.accelerator.device) for k, v in groups["ema"].items()}
        self.optimizers.load_state_tensors(groups["optimizer"])
        self.step = int(meta["step"])

    def save(self) -> None:
        """Write a whole checkpoint of this moment."""
        weights = {n: p for n, p in self.stage.module.named_parameters() if p.requires_grad}
        checkpoint.save(
            self.folder / "checkpoint",
            {"weights": weights, "ema": self.ema.tensors,
             "optimizer": self.optimizers.state_tensors()},
            {"step": self.step, "stage": self.recipe.stage},
        )

    def _loader(self) -> DataLoader:
        size = self.recipe.batch_size
        window = _Window(self.step * size, self.recipe.steps * size)
        return DataLoader(self.stage.dataset(), batch_size=size, sampler=window,
                          collate_fn=self.stage.collate, num_workers=self.recipe.workers,
                          prefetch_factor=4 if self.recipe.workers else None)

    def train_step(self, batch) -> dict[str, float]:
        """One optimiser step on one batch; returns the losses by name."""
        seed = (self.recipe.seed * 1_000_003 + self.step) % 2**63
        generator = torch.Generator().manual_seed(seed)
        with self.accelerator.autocast():
            losses = self.stage.losses(batch, generator)
        total = sum(losses.values())
        self.accelerator.backward(total)
        nn.utils.clip_grad_norm_(self.optimizers.parameters, self.recipe.clip)
        self.optimizers.step(rate_factor(self.step, self.recipe.steps, self.recipe.warmup,
                                         self.recipe.decay))
        self.step += 1
        self.ema.update(self.stage.module, self.step)
        return {name: float(value.detach()) for name, value in losses.items()}

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
        smooth: dict[str, float] = {}
        saved = sampled = time.monotonic()
        bar = tqdm(total=recipe.steps * recipe.batch_size, initial=self.step * recipe.batch_size,
                   unit="img", disable=self.quiet, mininterval=5, desc=recipe.stage)
        self.stage.module.train()
        with _Interrupt() as interrupt:
            for batch in self._loader():
                if self.step >= stop or interrupt.asked:
                    break
                for name, value in self.train_step(batch).items():
                    smooth[name] = value + 0.95 * (smooth.get(name, value) - value)
                bar.update(recipe.batch_size)
                bar.set_postfix({name: f"{value:.4f}" for name, value in smooth.items()},
                                refresh=False)
                now = time.monotonic()
                if now - saved > recipe.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
                if now - sampled > recipe.sample_seconds:
                    self._with_average(lambda: self.stage.sample(self.folder, self.step))
                    sampled = time.monotonic()
        bar.close()
        self.save()
        if self.step >= recipe.steps and recipe.export_to:
            self._with_average(lambda: self.stage.export(recipe.path("export_to")))
        return not interrupt.asked


class _Interrupt:
    """Turns SIGINT and SIGTERM into a wish that the loop reads between steps."""

    def __init__(self):
        self.asked = False

    def __enter__(self) -> "_Interrupt":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def _ask(self, *_) -> None:
        self.asked = True

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
