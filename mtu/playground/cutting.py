"""Edits of one thing as cutting it out: it is removed, and what the removal took away is the thing.

The embedded model draws the part that it changes afresh, and knows a thing from its name alone:
where a cat should go it would draw another one. Removing is what it does best. What is then missing
is the thing, pixel for pixel, to be set in elsewhere, larger or in another colour; and another
thing is drawn where it stood, as under a painted mask. Pictures are uint8 (H, W, 3).
"""

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from .cut_words import Cut
from .render import HUE_REACH, hue_distance, hues, turned_to
from .scene import on_grid
from .vocabulary import COLUMNS, SIZES

SIDE = 256  # pixels along the longer side at which a thing is told from what is behind it
LOW, HIGH = 14, 44  # of 255: how far a pixel of the thing may, and must, differ from what is behind
SMALLEST, LARGEST = 0.004, 0.5  # share of the picture that a thing covers
FAINT = 0.2  # from which on a pixel of the matte belongs to the thing's box
HALF = 0.45  # of the height: what is centred above it floats, and grows from its centre
VIVID = 0.2  # least saturation of a thing's recoloured parts


def cut(source: np.ndarray, plate: np.ndarray, change: Cut) -> np.ndarray | None:
    """The picture with the thing moved, resized or recoloured; None if there is no telling it.

    plate: the picture without the thing. What differs there is the thing and its shadow, matted by
    how much it does.
    """
    alpha = _matte(source, plate)
    if not SMALLEST < (alpha > 0.5).mean() < LARGEST:
        return None
    if change.kind == "recolor":
        return _recolored(source, alpha, change.color)
    return _set_in(source, plate, alpha, change)


def place_of(source: np.ndarray, plate: np.ndarray) -> np.ndarray | None:
    """Where the thing is that `plate` lacks, with room for another of its size: bool (H, W), a
    square on its foot; None if there is no telling it."""
    alpha = _matte(source, plate)
    if not SMALLEST < (alpha > 0.5).mean() < LARGEST:
        return None
    left, top, right, bottom = _box(alpha)
    side = max(right - left, bottom - top)
    x = int(np.clip(round((left + right - side) / 2), 0, max(0, alpha.shape[1] - side)))
    area = np.zeros(alpha.shape, bool)
    area[max(0, bottom - side) : bottom, x : x + side] = True
    return area


def _recolored(source: np.ndarray, alpha: np.ndarray, color: str) -> np.ndarray | None:
    """The thing's main hue turned to another, as the world's glyphs are (render.py); None if it
    has none."""
    rgb = source.astype(np.float32) / 255
    high, hue = rgb.max(-1), hues(rgb)
    spread = high - rgb.min(-1)
    weight = alpha * spread * (spread > VIVID * high)
    if weight.sum() < SMALLEST * weight.size * 0.1:
        return None
    turns = (weight * np.exp(2j * np.pi * hue)).sum()
    main = np.angle(turns) / (2 * np.pi) % 1
    if abs(turns) < 0.5 * weight.sum():  # several: the most frequent
        counts = np.bincount((hue * 24).astype(int).ravel() % 24, weight.ravel(), 24)
        main = (counts.argmax() + 0.5) / 24
    near = (hue_distance(hue, main) < HUE_REACH) & (weight > 0)
    share = (alpha * near)[..., None]
    mixed = rgb + share * (turned_to(rgb, color) - rgb)
    return (mixed * 255).round().clip(0, 255).astype(np.uint8)


def _set_in(source: np.ndarray, plate: np.ndarray, alpha: np.ndarray, change: Cut) -> np.ndarray:
    """The plate with the thing at its new place and size."""
    height, width = alpha.shape
    left, top, right, bottom = box = _box(alpha)
    opaque = (255 * alpha).round().astype(np.uint8)
    thing = Image.fromarray(np.dstack([source, opaque])).crop(box)
    size = (min(width, max(1, round((right - left) * change.factor))),
            min(height, max(1, round((bottom - top) * change.factor))))
    if size != thing.size:
        thing = thing.resize(size, Image.Resampling.LANCZOS)
    middle = (left + right) / 2 + width * _across(change.column, box, alpha)
    floats = (top + bottom) / 2 < HALF * height
    foot = bottom if not floats else (top + bottom + size[1]) / 2
    x = int(np.clip(round(middle - size[0] / 2), 0, width - size[0]))
    y = int(np.clip(round(foot - size[1]), 0, height - size[1]))
    result = Image.fromarray(plate)
    result.paste(thing, (x, y), thing)
    return np.asarray(result)


def _across(column: str, box: tuple[int, int, int, int], alpha: np.ndarray) -> float:
    """How far to the right a thing has to go, in fractions of the width: as far as the world has it
    from the column that it stands in to the one that is asked for."""
    if not column:
        return 0.0
    left, top, right, bottom = box
    height, width = alpha.shape
    tall = max((right - left) / width, (bottom - top) / height)
    scale = min(SIZES.values(), key=lambda each: abs(each - tall))
    here = (left + right) / 2 / width
    stood = min(COLUMNS.values(), key=lambda x: abs(on_grid(x, 0.5, scale)[0] - here))
    return on_grid(COLUMNS[column], 0.5, scale)[0] - on_grid(stood, 0.5, scale)[0]


def _matte(source: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """How much of each pixel is the thing, float32 (H, W) in [0, 1]: the largest part that
    differs, whole, without the holes where it has the colour of what is behind it."""
    off = Image.fromarray(np.abs(source.astype(np.int16) - plate).max(-1).astype(np.uint8))
    soft = np.clip((np.asarray(off, np.float32) - LOW) / (HIGH - LOW), 0, 1)
    small = off.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    level = np.asarray(small.filter(ImageFilter.MedianFilter(3)))
    labels, found = ndimage.label(level > (LOW + HIGH) / 2, np.ones((3, 3)))
    if not found:
        return np.zeros(soft.shape, np.float32)
    largest = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    whole = ndimage.binary_fill_holes(largest)
    inner = ndimage.binary_erosion(whole, np.ones((3, 3)), border_value=1)
    outer = ndimage.binary_dilation(whole, np.ones((5, 5)))
    inner, outer = (np.asarray(Image.fromarray(area.astype(np.float32)).resize(
        off.size, Image.Resampling.BILINEAR)) for area in (inner, outer))
    return np.maximum(soft, inner) * outer


def _box(alpha: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the thing, in whole pixels."""
    return Image.fromarray(alpha > FAINT).getbbox()
