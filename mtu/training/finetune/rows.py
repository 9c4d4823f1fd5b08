"""Numbered rows of the tasks' data sets, at the model's size; everything random in a row follows
from the recipe's seed and the row's number, wherever and whenever the row is read."""

import importlib
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from mtu.data.mixture import Mixture, batch_pattern
from mtu.data.playground import Playground, Row
from mtu.data.sizes import to_size

from ..recipe import Recipe, RecipeError
from .options import FinetuneOptions

SETS = {  # name in a recipe -> module of mtu.data, class, its task
    "coco": ("coco", "CocoCaptions", "t2i"),
    "instructpix2pix": ("instructpix2pix", "InstructPix2Pix", "edit"),
    "df2k": ("df2k", "RealESRGANPairs", "sr"),
    "gqa_inpaint": ("gqa_inpaint", "GQAInpaint", "inpaint"),
}


@dataclass
class Example:
    """A row at the model's size. frame: the original height and width, and the top and left of
    the square that was cut out of it, in pixels of the resized picture (SDXL's time ids)."""

    number: int
    row: Row
    frame: tuple[int, int, int, int]


class Rows(Dataset):
    """Endless: row `number` of the mixture that the recipe describes."""

    def __init__(self, recipe: Recipe, options: FinetuneOptions, side: int):
        self.seed, self.side, self.centred = recipe.seed, side, bool(options.cache)
        weights = recipe.task_weights
        self.pattern = batch_pattern(weights, options.group)
        if options.data == "playground":
            self.source = Playground(self.pattern, recipe.seed, side=side, atlas_path=options.atlas)
        elif isinstance(options.data, dict):
            for task in weights:  # before any is opened: opening may fetch
                _check_named(task, options.data.get(task))
            sets = {task: open_set(task, options.data[task], recipe.seed) for task in weights}
            self.source = Mixture(sets, self.pattern, recipe.seed)
        else:
            raise RecipeError('data must be "playground" or a mapping of task to a data set.')

    @property
    def epoch_rows(self) -> int | None:
        """Rows until every data set has been read through; None where they never end."""
        return getattr(self.source, "epoch_rows", None)

    def skipped(self) -> list[str]:
        """A line for each data set of which rows or files could not be read so far."""
        report = self.source.report() if isinstance(self.source, Mixture) else {}
        counts = {task: (said["rows"], len(said["files"])) for task, said in report.items()}
        return [f"{task}: {rows} rows and {files} files could not be read and were skipped"
                for task, (rows, files) in counts.items() if rows or files]

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, number: int) -> Example:
        row = self.source[number]
        height, width = row.target.shape[:2]
        if (height, width) == (self.side, self.side) and _all_alike(row):
            return Example(number, row, (height, width, 0, 0))
        share, rng = 0.5, None
        if not self.centred:
            entropy = [self.seed, number, 1]
            share = np.random.default_rng(entropy).random()  # the place that to_size draws first
            rng = np.random.default_rng(entropy)
        row = to_size(row, self.side, rng)
        scale = self.side / min(height, width)
        excess = (height - min(height, width), width - min(height, width))
        top, left = (int(share * more * scale) for more in excess)
        return Example(number, row, (height, width, top, left))

    def generator(self, number: int) -> torch.Generator:
        """What is drawn for a row while training: time, noise, what is dropped."""
        state = np.random.SeedSequence([self.seed, number, 2]).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))


def _all_alike(row: Row) -> bool:
    shape = row.target.shape[:2]
    return all(part is None or part.shape[:2] == shape for part in (row.source, row.mask))


def _check_named(task: str, said) -> None:
    if not isinstance(said, dict) or said.get("set") not in SETS:
        raise RecipeError(f"data must name a set for the task {task}: {', '.join(SETS)}.")
    its_task = SETS[said["set"]][2]
    if its_task != task:
        raise RecipeError(f"The data set {said['set']} is for the task {its_task}, not {task}.")


def open_set(task: str, said: dict, seed: int) -> Dataset:
    """The data set that a recipe names for a task; RecipeError or DataError in one sentence."""
    _check_named(task, said)
    module, name, _ = SETS[said["set"]]
    kind = getattr(importlib.import_module(f"mtu.data.{module}"), name)
    arguments = {key: value for key, value in said.items() if key != "set"}
    try:
        return kind(**{"seed": seed, **arguments})
    except TypeError as error:
        reason = str(error).split("() ")[-1]
        raise RecipeError(f"The data set {said['set']} cannot be opened: {reason}.") from None
