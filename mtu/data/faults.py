"""Rows of files that other people made: a fault is skipped and counted, or refused in a sentence.

A skipped row is replaced by another one that only (seed, epoch, index) and the files choose, so
that lengths stay the same and every process of a run sees the same rows.
"""

import io
import logging
from abc import ABC, abstractmethod

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from mtu.images import to_rgb

from .playground import Row

POLICIES = ("skip", "refuse")
TRIES = 64  # replacements looked at before a data set counts as unusable
LOUD = 5  # skipped rows that are named in the log, per process and data set

log = logging.getLogger("mtu.data")


class DataError(ValueError):
    """Data that cannot be used; the message is one sentence for the user."""

    def __init__(self, message: str):
        # a loader's worker sends its error on with the traceback in front of the sentence
        line = message.strip().splitlines()[-1]
        super().__init__(line.removeprefix(f"{DataError.__module__}.{DataError.__name__}: "))


class RowFault(Exception):
    """One row that cannot be read; the message is half a sentence, such as "has no caption"."""


def decode(data: bytes | None) -> np.ndarray:
    """The bytes of an image file as uint8 (H, W, 3), upright sRGB; RowFault if impossible."""
    if not data:
        raise RowFault("has no image")
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(to_rgb(image))
    except Exception:  # decoders of broken files raise kinds of many sorts, struct.error for one
        raise RowFault("holds an image that is broken or cut short") from None


class GuardedDataset(Dataset, ABC):
    """Base of the real data sets: `row` makes one row, this class decides what a fault means.

    on_error: "skip" replaces a row that cannot be read and counts it; "refuse" raises DataError.
    A subclass sets `task` and `name`, and gives `__len__` and `row(index, rng)`.
    """

    task: str
    name: str

    def __init__(self, seed: int = 0, on_error: str = "skip"):
        if on_error not in POLICIES:
            raise DataError(f"on_error must be one of {', '.join(POLICIES)}, not {on_error!r}.")
        self.seed, self.on_error = seed, on_error
        self.files_skipped: list[str] = []  # "NAME: reason", found while opening
        self._bad: torch.Tensor | None = None
        self._named = 0

    @abstractmethod
    def row(self, index: int, rng: np.random.Generator) -> Row:
        """Row `index`; `rng` chooses among captions, targets, crops. Raises RowFault."""

    def __getitem__(self, index: int) -> Row:
        return self.draw(index, 0)

    def draw(self, index: int, epoch: int) -> Row:
        """The row that stands at `index` in an epoch: a function of (seed, epoch, index) alone.

        Raises IndexError outside of the length, DataError for a fault under "refuse", and when
        64 replacements in turn cannot be read either.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        place, last = index, None
        for attempt in range(TRIES + 1):
            rng = np.random.default_rng([self.seed, epoch, index, attempt])
            if attempt:
                place = int(rng.integers(len(self)))
            try:
                return self.row(place, rng)
            except RowFault as fault:
                self._note(place, fault)
                last = fault
        raise DataError(f"{self.name}: {TRIES} rows in turn cannot be read; the last one {last}.")

    def rows_skipped(self) -> int:
        """Distinct rows skipped so far, those met by the workers of a loader included."""
        return int(self._bad.sum()) if self._bad is not None else 0

    def report(self) -> dict:
        """What has been skipped: {"rows": int, "files": ["NAME: reason", …]}."""
        return {"rows": self.rows_skipped(), "files": list(self.files_skipped)}

    def _ready(self) -> None:
        """Called by a subclass when its length is known. The marks are shared with workers."""
        if not len(self):
            raise DataError(f"{self.name} holds no row that can be used"
                            + (f" ({self.files_skipped[0]})." if self.files_skipped else "."))
        self._bad = torch.zeros(len(self), dtype=torch.bool).share_memory_()

    def _note(self, place: int, fault: RowFault) -> None:
        if self.on_error == "refuse":
            raise DataError(f"{self.name}: row {place} {fault}.") from None
        if not self._bad[place] and self._named < LOUD:
            self._named += 1
            log.warning("%s: row %d %s; it is skipped.", self.name, place, fault)
        self._bad[place] = True

    def _file_fault(self, file: str, reason: str) -> None:
        """A whole file that cannot be used, found while opening."""
        if self.on_error == "refuse":
            raise DataError(f"{self.name}: {file} {reason}.") from None
        self.files_skipped.append(f"{file}: {reason}")
        log.warning("%s: %s %s; it is skipped.", self.name, file, reason)
