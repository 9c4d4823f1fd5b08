"""Rendering: Scene → picture, seeded and exact, at any side length.

    background(place, seed) → time of day → things with shadows → weather → style
"""

import colorsys
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from . import atlas
from .canvas import Canvas
from .places import paint
from .scene import Item, Scene
from .styles import stylize
from .vocabulary import COLORS, PLACES, THINGS

# per time of day: multiplier of the background and of the things, RGB
_LIGHT = {
    "day": ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    "sunset": ((1.0, 0.72, 0.58), (1.0, 0.86, 0.76)),
    "night": ((0.28, 0.33, 0.54), (0.62, 0.66, 0.84)),
}
HUE_REACH = 0.12  # of a turn: how far from a thing's own hue its recoloured parts lie


def hues(rgb: np.ndarray) -> np.ndarray:
    """The hue of float32 (..., 3) in 0..1, in turns as `colorsys` has it; red where there is
    none."""
    high, low = rgb.max(-1), rgb.min(-1)
    spread = np.maximum(high - low, 1e-6)
    r, g, b = np.moveaxis(rgb, -1, 0)
    return np.where(high == r, ((g - b) / spread) % 6,
                    np.where(high == g, (b - r) / spread + 2, (r - g) / spread + 4)) / 6


def hue_distance(hue: np.ndarray, other: float) -> np.ndarray:
    """How far hues lie from another, in turns, at most half a one."""
    return np.abs((hue - other + 0.5) % 1 - 0.5)


def turned_to(rgb: np.ndarray, color: str) -> np.ndarray:
    """float32 (..., 3) in 0..1 with the hue of one of COLORS, as light and as grey as before."""
    low, high = rgb.min(-1, keepdims=True), rgb.max(-1, keepdims=True)
    return low + (high - low) * np.array(colorsys.hsv_to_rgb(COLORS[color], 1, 1), np.float32)


def _recolored(glyph: np.ndarray, own: str, color: str) -> np.ndarray:
    """The glyph with its saturated pixels near its own hue turned to `color`."""
    rgb = glyph[..., :3].astype(np.float32) / 255
    high = rgb.max(-1)
    saturation = (high - rgb.min(-1)) / np.maximum(high, 1e-6)
    chosen = (saturation > 0.25) & (hue_distance(hues(rgb), COLORS[own]) < HUE_REACH)
    out = glyph.copy()
    out[chosen, :3] = (turned_to(rgb[chosen], color) * 255).round().astype(np.uint8)
    return out


@lru_cache(maxsize=1024)
def _sprite(path: Path, thing: str, color: str | None, size: int) -> np.ndarray:
    """A glyph in its colour and size: float32 (size, size, 4), premultiplied, 0..1."""
    glyph = atlas.load(path)[thing]
    own = THINGS[thing].color
    if color and own and color != own:
        glyph = _recolored(glyph, own, color)
    alpha = glyph[..., 3:].astype(np.float32) / 255
    premultiplied = np.concatenate([glyph[..., :3] * alpha, alpha * 255], -1)
    image = Image.fromarray(premultiplied.round().astype(np.uint8), "RGBA")
    method = Image.Resampling.BICUBIC if size > atlas.CELL else Image.Resampling.BOX
    image = image.resize((size, size), method)
    return np.asarray(image, np.float32) / 255


def item_pixels(item: Item, side: int) -> tuple[int, int, int]:
    """Left, top and size in whole pixels of an item's square cell on a picture of `side`."""
    size = max(int(round(item.scale * side / 4)) * 4, 4)  # few sizes, so that sprites are reused
    return int(round(item.x * side - size / 2)), int(round(item.y * side)) - size, size


def _put(canvas: Canvas, item: Item, light, path: Path) -> None:
    left, top, size = item_pixels(item, canvas.side)
    sprite = _sprite(path, item.thing, item.color, size)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + size, canvas.side), min(top + size, canvas.side)
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    area = canvas.pixels[y0:y1, x0:x1]
    area *= 1 - part[..., 3:]
    area += part[..., :3] * (255 * np.float32(light))


def _night_sky(canvas: Canvas, rng: np.random.Generator) -> None:
    for _ in range(14):
        canvas.ellipse(rng.uniform(0, 1), rng.uniform(0, 0.4), 0.005, 0.005, (250, 246, 220))
    x = rng.uniform(0.1, 0.9)
    canvas.ellipse(x, 0.12, 0.055, 0.055, (250, 244, 214))


def _sunset_sky(canvas: Canvas, rng: np.random.Generator) -> None:
    glow = np.clip(1 - np.abs(canvas.y - 0.5) * 2.6, 0, 1) * np.ones_like(canvas.x)
    canvas.blend(glow * 0.5, (255, 140, 66))


def _weather(canvas: Canvas, weather: str, rng: np.random.Generator) -> None:
    if weather == "rain":
        canvas.pixels += 0.22 * (np.float32((104, 116, 134)) - canvas.pixels)
        for _ in range(46):
            x, y, length = rng.uniform(0, 1), rng.uniform(-0.05, 0.95), rng.uniform(0.05, 0.09)
            canvas.streak(x, y, length, 0.22, 1.3 / 256, (206, 222, 240), 0.6)
    elif weather == "snow":
        canvas.pixels += 0.16 * (np.float32((222, 230, 240)) - canvas.pixels)
        for _ in range(60):
            size = rng.uniform(0.006, 0.013)
            canvas.ellipse(rng.uniform(0, 1), rng.uniform(0, 1), size, size, (255, 255, 255), 0.95)


def render_array(scene: Scene, side: int = 256, atlas_path: Path | str | None = None) -> np.ndarray:
    """The picture of a scene, uint8 (side, side, 3). `atlas_path`: see `atlas.load`."""
    path = atlas.ready(atlas_path or None)
    canvas = paint(scene.place, scene.seed, side)
    sky = np.random.default_rng([scene.seed, 1])
    background_light, thing_light = _LIGHT[scene.time]
    if PLACES[scene.place].has_time:
        if scene.time != "day":
            canvas.pixels *= np.float32(background_light)
        outdoors = PLACES[scene.place].has_weather
        if scene.time == "night" and outdoors:
            _night_sky(canvas, sky)
        if scene.time == "sunset" and outdoors:
            _sunset_sky(canvas, sky)
    for item in sorted(scene.items, key=lambda item: item.y):
        if item.row == "down":
            canvas.ellipse(item.x, item.y - 0.01, item.scale * 0.36, item.scale * 0.06,
                           (0, 0, 0), 0.28, 0.6)
        _put(canvas, item, thing_light, path)
    _weather(canvas, scene.weather, np.random.default_rng([scene.seed, 2]))
    pixels = np.clip(canvas.pixels, 0, 255).round().astype(np.uint8)
    return stylize(pixels, scene.style) if scene.style else pixels


def render(scene: Scene, side: int = 256, atlas_path: Path | str | None = None) -> Image.Image:
    """`render_array` as an RGB picture."""
    return Image.fromarray(render_array(scene, side, atlas_path))


def item_mask(item: Item, side: int = 256, atlas_path: Path | str | None = None) -> np.ndarray:
    """Where an item and its shadow are: bool (side, side)."""
    path = atlas.ready(atlas_path or None)
    canvas = Canvas(side)
    canvas.pixels[:] = 0
    if item.row == "down":
        canvas.ellipse(item.x, item.y - 0.01, item.scale * 0.36, item.scale * 0.06,
                       (255, 255, 255), 1.0, 0.6)
    _put(canvas, item, (0, 0, 0), path)
    left, top, size = item_pixels(item, side)
    alpha = _sprite(path, item.thing, item.color, size)[..., 3]
    mask = canvas.pixels[..., 0] > 8
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + size, side), min(top + size, side)
    mask[y0:y1, x0:x1] |= alpha[y0 - top : y1 - top, x0 - left : x1 - left] > 0.02
    return mask
