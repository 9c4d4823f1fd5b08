"""Distances between pictures, uint8 (H, W, 3) of the same size, and means of measures."""

import numpy as np
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

MOST_PSNR = 60.0  # dB; stands for "identical" where values are averaged


def psnr(first: np.ndarray, second: np.ndarray, where: np.ndarray | None = None) -> float | None:
    """Peak signal-to-noise ratio in dB, at most 60; over `where` (bool (H, W)) only, if given.

    None if `where` holds no pixel.
    """
    error = (first.astype(np.float32) - second.astype(np.float32)) ** 2
    if where is not None:
        if not where.any():
            return None
        error = error[where]
    mean = float(error.mean(dtype=np.float64))
    return MOST_PSNR if mean == 0 else min(10 * float(np.log10(255**2 / mean)), MOST_PSNR)


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004; torchmetrics, Gaussian window of σ = 1.5)."""
    one, two = (torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255
                for image in (first, second))
    return float(structural_similarity_index_measure(one, two, data_range=1.0))


def sharpness(picture: np.ndarray) -> float:
    """Mean length of the luma's gradient, in grey levels a pixel."""
    across, down = _gradient(picture)
    return float(np.hypot(across, down).mean())


def gradient_energy(picture: np.ndarray) -> float:
    """Mean squared length of the luma's gradient, in squared grey levels a pixel."""
    across, down = _gradient(picture)
    return float((across**2 + down**2).mean())


def checks(picture: np.ndarray) -> float:
    """How much a picture is checkered pixel by pixel: the amplitude in grey levels of a check that
    has the same mean square of differences across of differences down. It raises the gradient
    energy and shows no detail."""
    return float(np.sqrt((np.diff(np.diff(_luma(picture), axis=0), axis=1) ** 2).mean())) / 4


def _luma(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float32) @ np.float32((0.299, 0.587, 0.114))


def _gradient(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The luma's differences to the right and down, each (H − 1, W − 1)."""
    luma = _luma(picture)
    return np.diff(luma, axis=1)[:-1], np.diff(luma, axis=0)[:, :-1]


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """A bool mask (H, W) and everything within `pixels` of it, across and down."""
    out = mask.copy()
    for axis in (0, 1):
        once = out.copy()
        for shift in range(1, pixels + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(shift, None), slice(None, -shift)
            out[tuple(ahead)] |= once[tuple(behind)]
            out[tuple(behind)] |= once[tuple(ahead)]
    return out


def mean_measures(rows: list[dict]) -> dict[str, float | None]:
    """Mean of every measure over the rows to which it applies; None where it applies to none."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    result = {}
    for name in names:
        values = [float(row[name]) for row in rows if row.get(name) is not None]
        result[name] = float(np.mean(values)) if values else None
    return result
