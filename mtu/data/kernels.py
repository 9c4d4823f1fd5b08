"""Blur and low-pass kernels of Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833, section 3 and A).

Kernels are float64 (size, size), odd in size, and sum to 1. With C = R(θ)·diag(σx², σy²)·R(θ)ᵀ and
q = xᵀC⁻¹x over the pixels' offsets x from the centre:
    gaussian     exp(−q/2)
    generalized  exp(−q^β/2)         (Pascal et al. 2013, arXiv 1302.6498)
    plateau      1 / (1 + q^β)
"""

import numpy as np
import torch

SHAPES = ("gaussian", "generalized", "plateau")


def blur_kernel(shape: str, size: int, sigma_x: float, sigma_y: float, angle: float = 0.0,
                beta: float = 1.0) -> np.ndarray:
    """A blur kernel; sigmas in pixels, angle in radians (the x axis turned towards y).

    Raises ValueError for an even size or an unknown shape.
    """
    if size % 2 == 0 or shape not in SHAPES:
        raise ValueError(f"There is no {shape} kernel of size {size}.")
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    spread = turn @ np.diag([sigma_x**2, sigma_y**2]) @ turn.T
    reach = np.arange(size) - size // 2
    x = np.stack(np.meshgrid(reach, reach), -1).astype(float)  # (size, size, 2): x, then y
    q = np.einsum("hwi,ij,hwj->hw", x, np.linalg.inv(spread), x)
    if shape == "gaussian":
        kernel = np.exp(-q / 2)
    elif shape == "generalized":
        kernel = np.exp(-(q**beta) / 2)
    else:
        kernel = 1 / (1 + q**beta)
    return kernel / kernel.sum()


def sinc_kernel(size: int, cutoff: float) -> np.ndarray:
    """The ideal circular low-pass filter, cut off at `cutoff` radians per pixel (π is the highest).

    k(x, y) = ω / (2π·r) · J₁(ω·r), r² = x² + y², and ω² / 4π in the centre (equation 7 there).
    Raises ValueError for an even size.
    """
    if size % 2 == 0:
        raise ValueError(f"There is no sinc kernel of the even size {size}.")
    reach = np.arange(size) - size // 2
    r = np.hypot(*np.meshgrid(reach, reach))
    r[size // 2, size // 2] = 1.0
    bessel = torch.special.bessel_j1(torch.from_numpy(cutoff * r)).numpy()
    kernel = cutoff / (2 * np.pi * r) * bessel
    kernel[size // 2, size // 2] = cutoff**2 / (4 * np.pi)
    return kernel / kernel.sum()
