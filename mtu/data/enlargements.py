"""Crops for the stem of enlarging: a small degraded picture, and the sharp one it stands for."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from torch.utils.data import Dataset

from mtu.playground.degrade import shrink
from mtu.playground.textures import leaves

from .playground import LENGTH, Playground

SCALES = (2, 4)
CLEAN = (Image.Resampling.BICUBIC, Image.Resampling.BOX)


@dataclass
class Pair:
    """uint8 pictures: small (crop, crop, 3), sharp (scale · crop, scale · crop, 3)."""

    small: np.ndarray
    sharp: np.ndarray
    scale: int


class Enlargements(Dataset):
    """Row i is a function of (seed, i) alone, as are the sharp pictures behind the rows.

    pictures: how many sharp pictures the crops are taken from; they are drawn when first needed
    and kept (0.2 MB each), because drawing one takes longer than training on a crop of it.
    crop: side of the small picture in pixels; None for a whole one. leaves: share of the sharp
    pictures that are dead leaves, turned and recoloured; the others are those of the playground's
    enlarging task, as they are. clean: share of the rows whose small picture is a shrunken one and
    no worse, as most that people have are; the others are degraded as the task's (some of them
    not, either).
    """

    def __init__(self, seed: int, crop: int | None = 48, pictures: int = 1500, leaves: float = 0.25,
                 side: int = 256, atlas_path=None, clean: float = 0.0):
        self.seed, self.crop, self.pictures = seed, crop, pictures
        self.leaves, self.side, self.atlas_path = leaves, side, atlas_path
        self.clean = clean
        self._world = Playground(["sr"], seed, side, atlas_path=atlas_path)
        self._drawn: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Pair:
        rng = np.random.default_rng([self.seed, index])
        scale = SCALES[int(rng.integers(2))]
        number, side = int(rng.integers(self.pictures)), scale * (self.crop or self.side // scale)
        top, left = rng.integers(0, self.side - side + 1, 2)
        sharp = self._sharp(number)[top : top + side, left : left + side]
        if self._is_leafy(number):
            sharp = np.rot90(sharp, int(rng.integers(4)))[..., rng.permutation(3)]
        sharp = np.ascontiguousarray(sharp)
        if rng.random() < self.clean:
            small = Image.fromarray(sharp).resize((side // scale,) * 2, _one_of(CLEAN, rng))
        else:
            small = shrink(sharp, scale, rng)
        return Pair(np.asarray(small), sharp, scale)

    def _is_leafy(self, number: int) -> bool:
        return np.random.default_rng([self.seed, number, 0]).random() < self.leaves

    def _sharp(self, number: int) -> np.ndarray:
        if number not in self._drawn:
            rng = np.random.default_rng([self.seed, number, 1])
            leafy = self._is_leafy(number)
            self._drawn[number] = leaves(rng, self.side) if leafy else self._world[number].target
        return self._drawn[number]


def _one_of(choices, rng: np.random.Generator):
    return choices[int(rng.integers(len(choices)))]
