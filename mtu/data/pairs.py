"""Crops of pictures that a model has made, each with what it would be without its faults."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from .playground import LENGTH


@dataclass
class Made:
    """uint8 pictures (crop, crop, 3)."""

    made: np.ndarray
    truth: np.ndarray


class Pairs(Dataset):
    """Row i is a function of (seed, i) and the files alone (training/pairs.py: `made` and
    `truth`, uint8 (n, side, side, 3), in each). crop: a multiple of patch_size, in pixels; crops
    lie on the grid of the patches."""

    def __init__(self, seed: int, files: list[Path], crop: int = 96, patch_size: int = 16):
        self.seed, self.files, self.crop, self.patch_size = seed, files, crop, patch_size

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Made:
        rng = np.random.default_rng([self.seed, index])
        with np.load(self.files[int(rng.integers(len(self.files)))]) as pairs:
            made, truth = pairs["made"], pairs["truth"]
        number = int(rng.integers(len(made)))
        places = (made.shape[1] - self.crop) // self.patch_size + 1
        top, left = (self.patch_size * int(place) for place in rng.integers(0, places, 2))
        part = np.s_[number, top : top + self.crop, left : left + self.crop]
        return Made(made[part], truth[part])
