"""Pictures for the scene reader, with what it must answer: things drawn right and things not.

Where a thing is blurred beyond recognition, melted, scrambled, or mixed of two, the right answer
is "none". Small faults, such as a denoiser makes, change nothing.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter
from torch.utils.data import Dataset

from mtu.evaluation.reader import CLASSES, GRID, NONE, SIDE
from mtu.playground import atlas
from mtu.playground.render import render_array
from mtu.playground.scene import Item, Scene, sample_scene
from mtu.playground.textures import texture
from mtu.playground.vocabulary import COLORS, PLACES, STYLES, THINGS

RENDER_SIDE = 256  # pixels, the size at which models draw
IGNORED = -100
EXTENT = 0.45  # of the glyph's width and height: half axes of the ellipse that counts as the thing
HEAVY = 0.09  # a blur of this share of a thing's height leaves nothing to name


@dataclass
class ReaderRow:
    """picture: uint8 (128, 128, 3); thing and color: int64 (16, 16); whole: class numbers."""

    picture: np.ndarray
    thing: np.ndarray
    color: np.ndarray
    whole: dict[str, int]


@lru_cache(maxsize=4)
def glyph_boxes(atlas_path=None) -> dict[str, tuple[float, float, float, float]]:
    """Thing → left, top, right, bottom of what is drawn, in fractions of its square cell."""
    boxes = {}
    for name, glyph in atlas.load(atlas_path).items():
        rows, columns = (np.flatnonzero((glyph[..., 3] > 32).any(axis)) for axis in (1, 0))
        size = len(glyph)
        boxes[name] = (columns[0] / size, rows[0] / size,
                       (columns[-1] + 1) / size, (rows[-1] + 1) / size)
    return boxes


def drawn_box(item: Item, atlas_path=None) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of an item's drawn part, in fractions of the picture's side."""
    left, top, right, bottom = glyph_boxes(atlas_path)[item.thing]
    x, y = item.x - item.scale / 2, item.y - item.scale
    return (x + left * item.scale, y + top * item.scale,
            x + right * item.scale, y + bottom * item.scale)


def cells_of(item: Item, atlas_path=None) -> np.ndarray:
    """The cells that count as the item, bool (16, 16): an ellipse, never empty."""
    left, top, right, bottom = drawn_box(item, atlas_path)
    x, y = (left + right) / 2 * GRID, (top + bottom) / 2 * GRID
    rows, columns = np.mgrid[:GRID, :GRID] + 0.5
    inside = (((columns - x) / (EXTENT * (right - left) * GRID)) ** 2
              + ((rows - y) / (EXTENT * (bottom - top) * GRID)) ** 2) <= 1
    inside[min(int(y), GRID - 1), min(int(x), GRID - 1)] = True
    return inside


def labels(scene: Scene, spoiled: set[int] = frozenset(), atlas_path=None):
    """What the reader must answer: thing and color, int64 (16, 16), and the whole's classes."""
    thing = np.full((GRID, GRID), NONE, np.int64)
    color = np.full((GRID, GRID), IGNORED, np.int64)
    for index, item in sorted(enumerate(scene.items), key=lambda pair: pair[1].y):
        cells = cells_of(item, atlas_path)
        thing[cells] = NONE if index in spoiled else CLASSES["thing"].index(item.thing)
        shade = item.color or THINGS[item.thing].color
        known = shade and THINGS[item.thing].recolorable and scene.style is None
        color[cells] = CLASSES["color"].index(shade) if known and index not in spoiled else IGNORED
    if scene.style == "pixel art":  # a small thing is seven blocks high there
        thing[thing != NONE] = IGNORED
    whole = {name: CLASSES[name].index(getattr(scene, name))
             for name in ("place", "time", "weather", "style")}
    return thing, color, whole


def _blurred(pixels: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def _smooth(rng: np.random.Generator, cells: int, side: int) -> np.ndarray:
    """Smooth noise, float32 (side, side), mean about 0, standard deviation about 1."""
    small = Image.fromarray(rng.standard_normal((cells, cells), np.float32) * np.float32(1.3))
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))


def _around(item: Item, side: int) -> np.ndarray:
    """A soft mask over an item and a little more, float32 (side, side, 1)."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    half = item.scale / 2
    distance = np.maximum(np.abs(x - item.x), np.abs(y - item.y + half)) / half
    return np.clip((1.35 - distance) / 0.25, 0, 1).astype(np.float32)[..., None]


def _melted(pixels: np.ndarray, item: Item, rng, strength: float) -> np.ndarray:
    """The item's surroundings displaced by smooth noise of `strength` times its height."""
    side = len(pixels)
    cells = int(round(rng.uniform(3, 4.5) / item.scale)) + 1
    mask = _around(item, side)[..., 0]
    reach = strength * item.scale * side
    y, x = np.mgrid[:side, :side]
    y = y + _smooth(rng, cells, side) * reach * mask
    x = x + _smooth(rng, cells, side) * reach * mask
    return pixels[y.round().astype(int).clip(0, side - 1), x.round().astype(int).clip(0, side - 1)]


def _scrambled(pixels: np.ndarray, box, parts: int, rng) -> np.ndarray:
    """The square `box` (left, top, side in pixels) cut into parts×parts tiles, shuffled."""
    left, top, side = box
    step = side // parts
    out = pixels.copy()
    spots = [(top + step * i, left + step * j) for i in range(parts) for j in range(parts)]
    for (y, x), k in zip(spots, rng.permutation(len(spots)), strict=True):
        v, u = spots[k]
        out[y : y + step, x : x + step] = pixels[v : v + step, u : u + step]
    return out


class ReaderRows(Dataset):
    """Endless rows; row i is a function of (seed, i) alone.

    Two rows share a rendering, the second mirrored and with faults of its own: rendering costs
    more than learning.
    """

    def __init__(self, seed: int, split: str = "any", atlas_path=None):
        self.seed, self.split, self.atlas_path = seed, split, atlas_path
        self._last: tuple[int, tuple] | None = None

    def __len__(self) -> int:
        return 2**40

    def __getitem__(self, index: int) -> ReaderRow:
        pair, second = divmod(index, 2)
        if self._last is None or self._last[0] != pair:
            self._last = pair, self._drawn(np.random.default_rng([self.seed, pair]))
        pixels, thing, color, whole = self._last[1]
        rng = np.random.default_rng([self.seed, pair, 1 + second])
        if second:
            pixels, thing, color = (np.ascontiguousarray(a[:, ::-1])
                                    for a in (pixels, thing, color))
        return ReaderRow(faulty(pixels, rng), thing, color, whole)

    def _drawn(self, rng: np.random.Generator) -> tuple:
        """A picture, uint8 (128, 128, 3), with its answers: thing, color, whole."""
        scene = self._scene(rng)
        if rng.random() < 0.08:
            pixels, answers = self._garbage(scene, rng)
            return shrunk(pixels), *answers
        pixels, spoiled = self._render(scene), set()
        for k in range(len(scene.items)):
            if rng.random() < 0.35:
                pixels = self.spoil(pixels, scene, k, rng)
                spoiled.add(k)
            elif rng.random() < 0.2:
                pixels = _melted(pixels, scene.items[k], rng, rng.uniform(0.0, 0.02))
        return shrunk(pixels), *labels(scene, spoiled, self.atlas_path)

    def _scene(self, rng: np.random.Generator) -> Scene:
        scene = sample_scene(rng, split=self.split)
        if rng.random() < 0.04:
            scene = replace(scene, items=())
        if rng.random() < 0.12:
            scene = replace(scene, style=str(rng.choice(list(STYLES))))
        for k in range(len(scene.items)):
            if rng.random() < 0.12:  # a thing of seven colours is seven things to learn
                scene = scene.with_item(k, thing=str(rng.choice(_RECOLORABLE)),
                                        color=str(rng.choice(list(COLORS))))
        return scene

    def _render(self, scene: Scene) -> np.ndarray:
        return render_array(scene, RENDER_SIDE, self.atlas_path)

    def spoil(self, pixels: np.ndarray, scene: Scene, index: int, rng, kind: str = ""):
        """The picture with one item made unrecognisable: blur, melt, scramble, blend or splice."""
        item = scene.items[index]
        kind = kind or str(rng.choice(["blur", "melt", "scramble", "blend", "splice"]))
        side, size = len(pixels), item.scale * len(pixels)
        if kind == "blur":
            soft, mask = _blurred(pixels, rng.uniform(HEAVY, 0.22) * size), _around(item, side)
            return (pixels + mask * (soft - pixels.astype(np.float32))).astype(np.uint8)
        if kind == "melt":
            out = _melted(pixels, item, rng, rng.uniform(0.13, 0.25))
            return _blurred(out, rng.uniform(0.5, 2)) if rng.random() < 0.5 else out
        if kind == "scramble":
            left, top = int((item.x - item.scale / 2) * side), int((item.y - item.scale) * side)
            box = (max(left, 0), max(top, 0), int(size))
            return _scrambled(pixels, box, int(rng.integers(3, 6)), rng)
        other = str(rng.choice([name for name in THINGS if name != item.thing]))
        mixed = self._render(scene.with_item(index, thing=other, color=None)).astype(np.float32)
        if kind == "blend":
            return (pixels + rng.uniform(0.4, 0.6) * (mixed - pixels)).astype(np.uint8)
        left, top, right, bottom = drawn_box(item, self.atlas_path)
        y, x = (np.mgrid[:side, :side] + 0.5) / side
        half = (y > (top + bottom) / 2) if rng.random() < 0.5 else (x > (left + right) / 2)
        soft = _around(item, side) * half[..., None]
        return (pixels + soft * (mixed - pixels)).astype(np.uint8)

    def _garbage(self, scene: Scene, rng):
        """A picture that is wrong as a whole, and the answers to it."""
        thing, color, whole = labels(scene, set(range(len(scene.items))), self.atlas_path)
        plain = scene.place.startswith("plain")
        whole = dict.fromkeys(whole, IGNORED) | {"place": IGNORED if plain else NONE}
        kind = int(rng.integers(4))
        if kind == 0:
            sigma = rng.uniform(12, 32)
            whole["place"] = whole["place"] if sigma > 20 else IGNORED
            return _blurred(self._render(scene), sigma), (thing, color, whole)
        if kind == 1:
            parts = int(rng.integers(4, 9))
            pixels = _scrambled(self._render(scene), (0, 0, RENDER_SIDE), parts, rng)
            return pixels, (thing, color, whole)
        if kind == 2:
            whole["place"] = NONE
            return texture(rng, RENDER_SIDE), (np.zeros_like(thing), color, whole)
        other = sample_scene(rng, split=self.split)
        while other.place == scene.place:
            other = sample_scene(rng, split=self.split)
        here, there = (labels(one, set(), self.atlas_path)[0] > 0 for one in (scene, other))
        thing[here != there] = IGNORED  # half a thing over another place: neither answer is wrong
        mixed = rng.uniform(0.4, 0.6) * (self._render(other) - self._render(scene).astype(float))
        whole["place"] = IGNORED if plain and other.place in _PLAIN else NONE
        return (self._render(scene) + mixed).astype(np.uint8), (thing, color, whole)


_RECOLORABLE = tuple(name for name, thing in THINGS.items() if thing.recolorable)
_PLAIN = tuple(name for name in PLACES if name.startswith("plain"))


def shrunk(pixels: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) → uint8 (128, 128, 3), each pixel the mean of what it covers."""
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX))


def faulty(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture with the small faults of a denoiser: softness, grain, stains, seams of patches."""
    if rng.random() < 0.5:
        pixels = _blurred(pixels, rng.uniform(0.2, 0.7))
    if rng.random() < 0.2:
        return pixels
    side = len(pixels)
    error = np.zeros(pixels.shape, np.float32)
    for cells in (6, 16, 48):
        stain = np.stack([_smooth(rng, cells, side) for _ in range(3)], -1)
        error += rng.uniform(0, 5) * (0.5 * stain + 0.5 * stain.mean(-1, keepdims=True))
    seams = rng.normal(0, rng.uniform(0, 3), (GRID, GRID, 3)).repeat(side // GRID, 0)
    error += seams.repeat(side // GRID, 1)
    error += np.float32(rng.uniform(0, 5)) * rng.standard_normal(pixels.shape, np.float32)
    contrast = rng.uniform(0.9, 1.08)
    return np.clip((pixels - 128.0) * contrast + 128.0 + error, 0, 255).astype(np.uint8)
