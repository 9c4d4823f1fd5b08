"""Procedural textures, so that super-resolution learns more than the world's own shapes."""

import numpy as np
from PIL import Image


def _noise(rng: np.random.Generator, side: int, cells: int) -> np.ndarray:
    """Smooth noise of about `cells` bumps a side, float32 (side, side) in 0..1."""
    small = (rng.random((cells + 1, cells + 1)) * 255).astype(np.uint8)
    image = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32) / 255


def texture(rng: np.random.Generator, side: int) -> np.ndarray:
    """A random texture, uint8 (side, side, 3): noise, stripes, checks, bricks or dots."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    angle, turns = rng.uniform(0, np.pi), rng.uniform(3, 24)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    kind = int(rng.integers(5))
    if kind == 0:
        field = sum(_noise(rng, side, cells) / k for k, cells in enumerate((4, 8, 16, 32, 64), 1))
        field = (field - field.min()) / max(float(np.ptp(field)), 1e-6)
    elif kind == 1:
        field = 0.5 + 0.5 * np.sin(2 * np.pi * turns * (along + 0.05 * _noise(rng, side, 4)))
    elif kind == 2:
        field = ((np.floor(along * turns) + np.floor(across * turns)) % 2).astype(np.float32)
    elif kind == 3:
        row = np.floor(y * turns)
        joint = ((x * turns / 2 + row / 2) % 1 < 0.06) | ((y * turns) % 1 < 0.1)
        field = np.where(joint, 0.0, 0.6 + 0.4 * _noise(rng, side, 24))
    else:
        u, v = (along * turns) % 1 - 0.5, (across * turns) % 1 - 0.5
        field = np.clip((0.35 - np.sqrt(u * u + v * v)) * side / turns + 0.5, 0, 1)
    low, high = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    shade = 0.85 + 0.3 * _noise(rng, side, 3)[..., None]
    pixels = (low + field[..., None] * (high - low)) * shade
    return np.clip(pixels, 0, 255).round().astype(np.uint8)
