"""What the scene reader's answers amount to: things with their places, and the scene around."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from .reader import CLASSES, GRID, SIDE, SceneReader

LIKELY = 0.35  # least probability of a cell that counts
SURE = 0.7  # least probability of the best cell of a thing; what is spoiled stays below
LEAST_CELLS = 0.9  # least sum of the probabilities


@dataclass(frozen=True)
class Found:
    """A thing in a picture. x, y: its centre in fractions of the side; cells: of the 16×16 grid."""

    thing: str
    x: float
    y: float
    cells: float
    color: str


@dataclass(frozen=True)
class Reading:
    """What a picture shows. place: None where there is no place to tell; style: None for plain."""

    things: tuple[Found, ...]
    place: str | None
    time: str
    weather: str
    style: str | None


@torch.no_grad()
def read(reader: SceneReader, pictures: Sequence[np.ndarray], batch: int = 32) -> list[Reading]:
    """Readings of pictures, uint8 (H, W, 3) each, of any size.

    Each picture is read as it is and mirrored, and the two answers' probabilities are averaged.
    """
    readings = []
    for first in range(0, len(pictures), batch):
        small = [np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX))
                 for pixels in pictures[first : first + batch]]
        pixels = torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1
        shares = _probabilities(reader, pixels)
        thing, color = (shares.pop(name).numpy() for name in ("thing", "color"))
        whole = {name: share.argmax(1).tolist() for name, share in shares.items()}
        for k in range(len(small)):
            values = {name: CLASSES[name][numbers[k]] for name, numbers in whole.items()}
            readings.append(Reading(tuple(_things(thing[k], color[k])), **values))
    return readings


def _probabilities(reader: SceneReader, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    straight, mirrored = reader(pixels), reader(pixels.flip(-1))
    result = {}
    for name, logits in straight.items():
        other = mirrored[name].flip(-1) if logits.ndim == 4 else mirrored[name]
        result[name] = (logits.softmax(1) + other.softmax(1)) / 2
    return result


def _things(thing: np.ndarray, color: np.ndarray) -> Iterator[Found]:
    """Probabilities (classes, 16, 16) of things and colours → one Found per connected region."""
    best = thing.argmax(0)
    free = (best > 0) & (thing.max(0) >= LIKELY)
    while free.any():
        start = tuple(np.argwhere(free)[0])
        cells = _region(free & (best == best[start]), start)
        free[cells] = False
        weight = thing[best[start]] * cells
        total = float(weight.sum())
        if total < LEAST_CELLS or weight.max() < SURE:
            continue
        rows, columns = np.mgrid[:GRID, :GRID] + 0.5
        shade = (color * weight).sum((1, 2)).argmax()
        yield Found(CLASSES["thing"][best[start]], float((columns * weight).sum() / total / GRID),
                    float((rows * weight).sum() / total / GRID), total, CLASSES["color"][shade])


def _region(allowed: np.ndarray, start: tuple[int, int]) -> np.ndarray:
    """The cells of `allowed` that touch `start`, corners included, through others: bool."""
    region = np.zeros_like(allowed)
    region[start] = True
    while True:
        padded = np.pad(region, 1)
        grown = sum(padded[i : i + GRID, j : j + GRID] for i in range(3) for j in range(3)) > 0
        grown &= allowed
        if (grown == region).all():
            return region
        region = grown
