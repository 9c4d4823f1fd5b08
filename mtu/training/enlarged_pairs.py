"""What a stem makes of small pictures, beside what they were made from."""

from pathlib import Path

import numpy as np
from PIL import Image

from mtu.data.enlargements import Enlargements
from mtu.stem import Stem

from .pairs import Pair, write_pairs


def enlarge_pairs(stem: Stem, folder: Path, count: int, seed: int, side: int = 256,
                  leaves: float = 0.3, clean: float = 0.2, atlas_path=None) -> list[Path]:
    """The files (pairs.py) of at least `count` pairs in `folder`, whole pictures of `side` pixels,
    each of its own; leaves and clean: as Enlargements has them. Pair k is a function of the stem,
    the seed and k."""

    def make(k: int) -> Pair:
        row = Enlargements(seed * 10**6 + k, None, 1, leaves, side, atlas_path, clean)[0]
        return np.asarray(stem.enlarge(Image.fromarray(row.small), row.scale)), row.sharp

    return write_pairs(folder, count, make)
