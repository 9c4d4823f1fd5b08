"""Procedural textures, so that super-resolution learns more than the world's own shapes."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


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


def _fractal(rng: np.random.Generator, side: int) -> np.ndarray:
    """Noise whose amplitude falls with a power of the frequency, as photographs' does, float64
    (side, side), mean 0, standard deviation 1 (Field 1987)."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((side, side))) / frequency ** rng.uniform(0.3, 1.8)
    field = np.fft.irfft2(spectrum, (side, side))
    return field / field.std()


def leaves(rng: np.random.Generator, side: int) -> np.ndarray:
    """Dead leaves, uint8 (side, side, 3): ovals of all sizes that hide one another.

    Their edges and the spread of their sizes are those of photographs (Lee, Mumford & Huang 2001,
    "Occlusion models for natural images"), which networks trained on them can then restore
    (Achddou et al. 2021). Some are textured, some pictures out of focus, some grey; over all of
    it lies fractal noise, strong or hardly to be seen.
    """
    fine, fabrics = 2 * side, []
    for _ in range(3):
        fabric = Image.fromarray(texture(rng, side)).resize((fine, fine))
        plain = fabric.resize((1, 1), Image.Resampling.BOX).resize(fabric.size)
        fabrics.append(Image.blend(fabric, plain, rng.uniform(0, 0.8)))
    tone = rng.uniform(40, 215) + rng.normal(0, 30, 3)
    image = Image.new("RGB", (fine, fine), tuple(int(v) for v in tone.clip(0, 255)))
    draw = ImageDraw.Draw(image)
    least, most = 6.0, fine / 2  # density of radii falls with their cube
    count = int(10 ** rng.uniform(0.5, 2.9))
    radii = (least**-2 + rng.random(count) * (most**-2 - least**-2)) ** -0.5
    for number, radius in enumerate(radii):
        x, y = rng.uniform(0, fine, 2)
        high = radius * rng.uniform(0.4, 1.0)
        box = [int(x - radius), int(y - high), int(x + radius) + 1, int(y + high) + 1]
        shade = np.clip(tone + rng.normal(0, 60) + rng.normal(0, 20, 3), 0, 255)
        if radius > 12 and rng.random() < 1 / 3:
            size = box[2] - box[0], box[3] - box[1]
            shape = Image.new("L", size)
            ImageDraw.Draw(shape).ellipse([0, 0, size[0] - 1, size[1] - 1], fill=255)
            image.paste(fabrics[number % 3].crop((0, 0, *size)), box[:2], shape)
        else:
            draw.ellipse(box, fill=tuple(int(v) for v in shade))
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(2 * rng.uniform(0.3, 1.5)))
    pixels = np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32)
    grain = 10 ** rng.uniform(-0.3, 1.4) * _fractal(rng, side) * 2 * _noise(rng, side, 3)
    pixels = pixels + grain[..., None] * rng.uniform(0.7, 1.3, 3)
    if rng.random() < 0.25:
        pixels = np.repeat(pixels.mean(-1, keepdims=True), 3, -1)
    return np.clip(pixels, 0, 255).round().astype(np.uint8)
