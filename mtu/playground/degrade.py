"""Degraded copies of sharp pictures for super-resolution: blur, shrink, noise, JPEG, enlarge."""

import io

import numpy as np
from PIL import Image, ImageFilter


def shrink(sharp: np.ndarray, scale: int, rng: np.random.Generator) -> Image.Image:
    """The small picture that a user would upload: uint8 (H, W, 3) → a picture 1/scale as large."""
    image = Image.fromarray(sharp)
    sigma = float(rng.choice([0.0, rng.uniform(0.2, 1.2)])) * scale / 2
    if sigma:
        image = image.filter(ImageFilter.GaussianBlur(sigma))
    method = (Image.Resampling.BOX, Image.Resampling.BICUBIC)[int(rng.integers(2))]
    image = image.resize((image.width // scale, image.height // scale), method)
    if rng.random() < 0.5:
        pixels = np.asarray(image, np.float32)
        pixels = pixels + rng.normal(0, rng.uniform(1, 10), pixels.shape)
        image = Image.fromarray(np.clip(pixels, 0, 255).round().astype(np.uint8))
    if rng.random() < 0.5:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.integers(40, 96)))
        image = Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
    return image


def enlarge(small: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """Bicubic enlargement, the condition of the super-resolution task: uint8 (H, W, 3)."""
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC))
