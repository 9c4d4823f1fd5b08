"""Classifier-free guidance over text and image, as weights of a few model evaluations.

InstructPix2Pix (Brooks et al. 2023, eq. 3) combines three evaluations e(image, text):

    e(∅,∅) + s_I·(e(I,∅) − e(∅,∅)) + s_T·(e(I,T) − e(I,∅))

which is a weighted sum with weights (1 − s_I), (s_I − s_T) and s_T. A zero weight means the
evaluation is not needed at all, so this module first asks which rows are worth computing and
afterwards combines them. Text-only guidance (Ho & Salimans 2022, eq. 6) and no guidance are the
same sum with fewer terms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

MAX_SCALE = 100.0


@dataclass(frozen=True)
class Branch:
    """One row of the guided batch: what the model sees there, and its weight in the sum."""

    text: bool
    image: bool
    weight: float


def check_scale(value: float, name: str) -> float:
    """Return `value` as a float; ValueError unless it is a number in 0..100."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, not {value!r}.")
    if not math.isfinite(value) or not 0 <= value <= MAX_SCALE:
        raise ValueError(f"{name} must lie between 0 and {MAX_SCALE:g}, not {value}.")
    return float(value)


def branches(
    guidance_scale: float, image_guidance_scale: float, has_text: bool, has_image: bool
) -> tuple[Branch, ...]:
    """The rows that dual guidance needs, unconditional first; their weights add up to 1.

    A condition that is absent makes two of the three evaluations the same one, so their weights
    merge: without an image this is text-only guidance, without text image-only guidance, without
    both (or with both scales 1) a single plain evaluation.
    """
    weights: dict[tuple[bool, bool], float] = {}
    terms = (
        (False, False, 1.0 - image_guidance_scale),
        (False, True, image_guidance_scale - guidance_scale),
        (True, True, guidance_scale),
    )
    for text, image, weight in terms:
        key = (text and has_text, image and has_image)
        weights[key] = weights.get(key, 0.0) + weight
    return tuple(Branch(*key, weight) for key, weight in weights.items() if abs(weight) > 1e-9)


def combine(predictions: torch.Tensor, rows: Sequence[Branch]) -> torch.Tensor:
    """The guided prediction.

    predictions: (len(rows) · B, ...), row-major by branch, as the batched evaluation returns them.
    Returns (B, ...). Being linear it commutes with every change of prediction type; clipping does
    not, so clip afterwards.
    """
    if len(rows) == 1 and rows[0].weight == 1.0:
        return predictions
    parts = predictions.chunk(len(rows))
    return sum(row.weight * part for row, part in zip(rows, parts, strict=True))
