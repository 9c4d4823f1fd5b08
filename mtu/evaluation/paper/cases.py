"""What is asked of a model: the test splits of the paper's data sets, one picture at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image

from mtu.data import DataError, GuardedDataset, InstructPix2Pix, RealESRGANPairs, Row, open_data
from mtu.data import to_size as _to_size
from mtu.data.catalog import SOURCES
from mtu.data.degradation import apply_plan, sample_plan
from mtu.data.df2k import square
from mtu.data.faults import decode

from .weights import MissingPart

FOLDERS = {"t2i": "coco", "edit": "instructpix2pix", "sr": "df2k", "inpaint": "gqa-inpaint"}
HUB = "hub"  # in place of a folder: each data set from its own hub id


@dataclass
class Captioned(Row):
    """A row of editing with what its two pictures show, for I-T."""

    captions: tuple[str, str] = ("", "")


class CaptionedEdits(InstructPix2Pix):
    """InstructPix2Pix whose rows know their captions."""

    def row(self, index: int, rng: np.random.Generator) -> Captioned:
        row = super().row(index, rng)
        given = {field.name: getattr(row, field.name) for field in fields(row)}
        return Captioned(**given, captions=self.captions(index))


class SmallPairs(RealESRGANPairs):
    """DF2K-OST whose sources are small, as a user would bring them: 1/scale of the target.

    The degradation is the training's; what makes the condition of it, a bicubic enlargement to
    the target's size, is the pipeline's part.
    """

    def row(self, index: int, rng: np.random.Generator) -> Row:
        sharp = square(decode(self.files.read(self.names[index])), self.side, None)
        small = apply_plan(sharp, sample_plan(rng), self.scale, rng)
        return Row(self.task, "", sharp, np.asarray(small), kind=f"x{self.scale}")


def open_test(task: str, data: str, side: int, seed: int) -> GuardedDataset:
    """The test split of a task's data set, in the folder `data` or, if that is "hub", the hub.

    side: the model's, in pixels. MissingPart in one sentence if it is not there or unusable.
    """
    source = SOURCES[task] if data == HUB else Path(data).expanduser() / FOLDERS[task]
    if data != HUB and not source.is_dir():
        raise MissingPart(f"no data for {task}: there is no folder {source}")
    given = {} if data == HUB else {"source": source}
    try:
        if task == "edit":
            return CaptionedEdits(**given, split="test", seed=seed)
        if task == "sr":
            return SmallPairs(**given, split="test", seed=seed, side=side)
        return open_data({task: given}, split="test", seed=seed)[task]
    except (DataError, OSError) as error:
        raise MissingPart(f"no data for {task}: {str(error).rstrip('.')}") from None


def rows(dataset: GuardedDataset, side: int, count: int) -> Iterator[Row]:
    """The first `count` rows; pictures are centre squares of `side` pixels."""
    for index in range(count):
        row = dataset[index]
        yield row if row.task == "sr" else _to_size(row, side)


def request(row: Row) -> dict:
    """What the pipeline is asked for a row, besides steps, scales and seed."""
    given = {"task": row.task, "prompt": row.text}
    if row.source is not None:
        given["image"] = Image.fromarray(row.source)
    if row.task == "sr":
        given["scale"] = len(row.target) // len(row.source)
    return given
