"""What stands in each cell of the grid: the answer that a picture of a scene gives cell by cell."""

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
