"""DF2K-OST, super-resolution: sharp pictures, degraded on the fly.

Form of `Iceclear/DF2K-OST` (its file list): df2k.zip, one archive of 19.7 GB with the raw pictures
of DIV2K, Flickr2K and OST; a list of cut-outs and two scripts beside it are not read. An unpacked
folder and .tar archives do as well. The folders inside the archive could not be looked at here, so
that every picture in it counts, wherever it lies. The paper's split is 23744/100/100.
"""

import re
from hashlib import sha256
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from .archive import Files
from .degradation import degrade
from .faults import GuardedDataset, decode
from .playground import Row
from .tables import check_split, held_out, locate

HUB_ID = "Iceclear/DF2K-OST"
PAPER = 23744, 100, 100


class RealESRGANPairs(GuardedDataset):
    """Rows of task "sr": a square of a sharp picture, and its degraded copy at the same size.

    side: pixels of the square, taken at the picture's own resolution (a smaller picture is
    enlarged), at random in training, from the centre otherwise. Degraded before it is enlarged
    back: to 1/scale of the side.
    """

    task, name = "sr", "DF2K-OST"

    def __init__(self, source: str | Path = HUB_ID, split: str = "train", seed: int = 0,
                 on_error: str = "skip", side: int = 512, scale: int = 2):
        super().__init__(seed, on_error)
        self.side, self.scale, self.split = side, scale, check_split(split)
        folder = locate(source, ["*.zip", "*.tar"])
        self.files = Files(folder, self._file_fault)
        self.names = chosen(self.files.names, self.split)
        self._ready()

    def __len__(self) -> int:
        return len(self.names)

    def row(self, index: int, rng: np.random.Generator) -> Row:
        picture = decode(self.files.read(self.names[index]))
        sharp = square(picture, self.side, rng if self.split == "train" else None)
        return Row(self.task, "", sharp, degrade(sharp, self.scale, rng), kind=f"x{self.scale}")


def chosen(names: list[str], split: str) -> list[str]:
    """The pictures of a split: ordered by a hash, the first are the test's, the next validation's.

    The hash is of the picture's own name without the marks of a scaled copy (0001T2) or of a
    cut-out (0001_s003), so that it matters neither where the archive is unpacked nor that copies
    of one picture stand in different splits.
    """
    def rank(name: str) -> tuple[bytes, str]:
        origin = re.sub(r"(T\d+|_s\d+)+$", "", PurePosixPath(name).stem)
        return sha256(origin.encode()).digest(), name

    ordered = sorted(names, key=rank)
    _, validation, test = held_out(len(ordered), PAPER)
    parts = {"test": ordered[:test], "validation": ordered[test : test + validation],
             "train": ordered[test + validation :]}
    return parts[split]


def square(picture: np.ndarray, side: int, rng: np.random.Generator | None) -> np.ndarray:
    """A square of `side` pixels out of uint8 (H, W, 3), in the centre without `rng`.

    From a picture that is too small, its largest square, enlarged.
    """
    cut = min(side, *picture.shape[:2])
    room = [length - cut for length in picture.shape[:2]]
    top, left = ((int(rng.integers(r + 1)) for r in room) if rng is not None
                 else (r // 2 for r in room))
    part = picture[top : top + cut, left : left + cut]
    if cut == side:
        return part
    return np.asarray(Image.fromarray(part).resize((side, side), Image.Resampling.LANCZOS))
