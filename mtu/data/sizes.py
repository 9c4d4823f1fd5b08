"""Rows of any size to the square a model is trained at."""

from dataclasses import replace

import numpy as np
from PIL import Image

from .playground import Row


def to_size(row: Row, side: int, rng: np.random.Generator | None = None) -> Row:
    """A row whose arrays are (side, side, ·): the largest square, cut out and resized.

    The square is at random with `rng`, in the centre without. Source, target and mask get the
    same square, as shares of their own width and height, so that they may differ in size.
    """
    height, width = row.target.shape[:2]
    short = min(height, width)
    share = rng.random() if rng is not None else 0.5
    left, top = share * (width - short) / width, share * (height - short) / height
    box = (left, top, left + short / width, top + short / height)
    return replace(
        row,
        target=_cut(row.target, box, side),
        source=None if row.source is None else _cut(row.source, box, side),
        mask=None if row.mask is None else _cut(row.mask, box, side),
    )


def _cut(array: np.ndarray, box: tuple[float, float, float, float], side: int) -> np.ndarray:
    """The part `box` (left, top, right, bottom as shares) of a picture or of a bool mask."""
    height, width = array.shape[:2]
    pixels = (box[0] * width, box[1] * height, min(box[2], 1) * width, min(box[3], 1) * height)
    if array.dtype == bool:
        mask = Image.fromarray(array.astype(np.uint8) * 255)
        return np.asarray(mask.resize((side, side), Image.Resampling.BILINEAR, pixels)) >= 128
    image = Image.fromarray(array)
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS, pixels))
