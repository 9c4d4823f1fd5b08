"""What stands in each cell of the grid: the answer that a picture of a scene gives cell by cell."""

from collections.abc import Iterable

import numpy as np

from .scene import GRID, Scene
from .vocabulary import COLORS, THINGS

CHANNELS = ("thing", "color", "across", "down", "scale")
_THINGS = {name: k for k, name in enumerate(THINGS, start=1)}
_COLORS = {name: k for k, name in enumerate(COLORS, start=1)}


def cell_labels(scene: Scene) -> np.ndarray:
    """float32 (5, 16, 16), the CHANNELS: the thing's number (0: none) and its colour's (0: its
    own); where in the thing the cell's centre lies, across and down, 0 to 1; and the thing's
    height in fractions of the picture's side. The nearer thing hides the one behind it.
    """
    labels = np.zeros((len(CHANNELS), GRID, GRID), np.float32)
    centre = (np.arange(GRID) + 0.5) / GRID
    for item in sorted(scene.items, key=lambda item: item.y):
        left, top, right, bottom = item.box()
        x = np.flatnonzero((centre > left) & (centre < right))
        y = np.flatnonzero((centre > top) & (centre < bottom))
        area = np.ix_(y, x)
        labels[0][area] = _THINGS[item.thing]
        labels[1][area] = _COLORS.get(item.color, 0)
        labels[2][area] = (centre[x] - left) / item.scale
        labels[3][area] = ((centre[y] - top) / item.scale)[:, None]
        labels[4][area] = item.scale
    return labels


def stacked(labels: Iterable[np.ndarray | None]) -> np.ndarray:
    """The labels of several pictures (B, 5, 16, 16); -1 throughout where there are none."""
    unknown = np.full((len(CHANNELS), GRID, GRID), -1, np.float32)
    return np.stack([unknown if each is None else each for each in labels])


def changed_cells(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The cells in which two pictures (side, side, 3) differ at all: bool (16, 16)."""
    cell = len(source) // GRID
    return (source != target).any(-1).reshape(GRID, cell, GRID, cell).any((1, 3))
