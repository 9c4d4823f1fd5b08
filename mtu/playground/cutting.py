"""Edits of one thing as cutting it out: it is removed, and what the removal took away is the thing.

The embedded model draws the part that it changes afresh, and knows a thing from its name alone:
where a cat should go it would draw another one. Removing is what it does best. What is then missing
is the thing, pixel for pixel, to be set in elsewhere, larger or in another colour; and another
thing is drawn where it stood, as under a painted mask. Pictures are uint8 (H, W, 3).
"""

import colorsys
import re
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter

from .render import hues
from .scene import on_grid
from .vocabulary import COLORS, COLUMNS, SIZE_WORDS, SIZES, THINGS

STEP = 1.5  # from one of the world's sizes to the next
SIDE = 256  # pixels along the longer side at which a thing is told from what is behind it
LOW, HIGH = 14, 44  # of 255: how far a pixel of the thing may, and must, differ from what is behind
SMALLEST, LARGEST = 0.004, 0.5  # share of the picture that a thing covers
HALF = 0.45  # of the height: what is centred above it floats, and grows from its centre
HUE_REACH = 0.12  # of a turn: how far from its main hue a thing's recoloured parts lie
VIVID = 0.2  # least saturation of those

_SIDE = r"(?:the )?(left|right|middle|cent(?:er|re))(?:-?hand)?(?: side)?"
_WHERE = rf"(?:on|in|at|to) {_SIDE}"
_OLD = rf"OLD(?: {_WHERE})?"
_AT = rf"(?:over )?(?:on|in|at|to|into|onto|towards?) {_SIDE}(?: instead)?"
_VERBS = "move|shift|put|place|bring|drag|slide|push|set|take|let|relocate|have|send|carry|get"
_MOVES = (rf"\b(?:{_VERBS}) {_OLD} (?:be |go )?{_AT}$",
          rf"{_OLD} (?:should|must|needs to) (?:be|go|stand|move) {_AT}$",
          rf"\b(?:want|like|have) {_OLD} (?:to be |to go |moved )?{_AT}$",
          rf"^OLD (?:over )?to {_SIDE}$")
_MORE = r"(?:a (?:little|bit|lot) |much |even |more )?"
_WANTED = rf"(?:\b(?:make|draw|want|like|have|turn) )?{_OLD} (?:should be |to be )?{_MORE}"
_BIGGER = (rf"{_WANTED}(?:bigger|larger|big|large|huge|taller)$",
           rf"\b(?:grow|enlarge|scale up|blow up|increase (?:the size of )?) ?{_OLD}$",
           rf"\b(?:scale|blow) {_OLD} up$", rf"\b(?:let|make) {_OLD} grow$",
           rf"{_OLD} is too (?:small|tiny|little)$")
_SMALLER = (rf"{_WANTED}(?:smaller|small|tiny|little)$",
            rf"\b(?:shrink|scale down|(?:reduce|decrease) (?:the size of )?) ?{_OLD}"
            r"(?: a (?:bit|little))?$",
            rf"\bscale {_OLD} down$", rf"\b(?:let|make) {_OLD} shrink$",
            rf"{_OLD} is too (?:big|large|huge)$")
_COLOR = rf"(?P<color>{'|'.join(COLORS)})"
_COLORED = (rf"\b(?:paint|colou?r|make|turn|dye|recolou?r|change|want|like|have) {_OLD}"
            rf"(?: to(?: be)?| in(?:to)?)? {_COLOR}(?: instead)?$",
            rf"\bthe colou?r of {_OLD} (?:to )?{_COLOR}$", rf"\bgive {_OLD} an? {_COLOR} colou?r$",
            rf"^{_OLD} (?:should be|in) {_COLOR}$")
_SWAPPED = (rf"\b(?:replace|swap(?: out)?|turn|change|exchange|transform|switch|convert|make) "
            rf"{_OLD} (?:with |by |for |into |to )?NEW$", rf"\bsubstitute NEW for {_OLD}$",
            rf"NEW (?:instead of|in place of) {_OLD}$", rf"instead of {_OLD},? (?:i want )?NEW$",
            rf"NEW where {_OLD} is$", rf"^{_OLD} should be NEW$")
_ENDS = re.compile(r"(?:,? (?:please|pls|thanks|thank you))?[ .!?]*$")


@dataclass(frozen=True)
class Cut:
    """A change of one thing. thing: the words that name it, as in a request to remove it.

    kind: "move" to `column` (of `vocabulary.COLUMNS`), "resize" by `factor` of its height,
    "recolor" to `color` (of `vocabulary.COLORS`), or "replace" with `new`, as in a request to draw.
    """

    kind: str
    thing: str
    column: str = ""
    factor: float = 1.0
    color: str = ""
    new: str = ""


@dataclass(frozen=True)
class Ask:
    """What the model is to do on the picture, as the task "inpaint". area: where, bool (H, W);
    None where the words tell."""

    prompt: str
    area: np.ndarray | None = None


Carrying = Generator[Ask, np.ndarray, np.ndarray | None]


def carry_out(instruction: str, source: np.ndarray) -> Carrying:
    """Make the change that an instruction asks for: yields what the model is to do, is sent the
    picture that it makes of `source`, and returns the result; None if this is no such change, or
    the thing was not found."""
    change = cut_of(instruction)
    if change is None:
        return None
    plate = yield Ask(f"remove {change.thing}")
    if change.kind != "replace":
        return cut(source, plate, change)
    area = place_of(source, plate)
    return None if area is None else (yield Ask(f"draw {change.new} here", area))


def cut_of(instruction: str) -> Cut | None:
    """What an English instruction asks of one thing; None if it asks for anything else."""
    text = " ".join(_ENDS.sub("", instruction.lower()).split())
    old, new = _nouns()
    things, others = list(old.finditer(text)), list(new.finditer(text))
    if len(things) != 1 or len(others) > 1 or re.search(r"n't\b|\b(?:not|never|no)\b", text):
        return None
    name, rest = things[0][0], old.sub("OLD", text)
    if others:
        rest, other = new.sub("NEW", rest), others[0][0]
        found = _first(_SWAPPED, rest)
        return found and Cut("replace", _at(name, found[1]), new=other)
    if found := _first(_MOVES, rest):
        stood, side = ((None, found[1]) if found.re.groups == 1 else (found[1], found[2]))
        return Cut("move", _at(name, stood), column=_column(side))
    if found := _first(_COLORED, rest):
        able = any(THINGS[thing].recolorable and re.search(rf"\b{each}$", name)
                   for thing in THINGS for each in THINGS[thing].names)
        return Cut("recolor", _at(name, found[1]), color=found["color"]) if able else None
    for factor, patterns in ((STEP, _BIGGER), (1 / STEP, _SMALLER)):
        if found := _first(patterns, rest):
            return Cut("resize", _at(name, found[1]), factor=factor)
    return None


def _first(patterns: tuple[str, ...], text: str) -> re.Match | None:
    return next(filter(None, (re.search(pattern, text) for pattern in patterns)), None)


def _at(name: str, side: str | None) -> str:
    if side is None:
        return name
    return f"{name} in the middle" if _column(side) == "middle" else f"{name} on the {side}"


def _column(side: str) -> str:
    return side if side in COLUMNS else "middle"


@lru_cache(maxsize=1)
def _nouns() -> tuple[re.Pattern, re.Pattern]:
    """"the small red balloon" and "a small red balloon": a thing that is there, and a new one."""
    looks = "|".join((*COLORS, *(word for words in SIZE_WORDS.values() for word in words)))
    known = sorted((name for thing in THINGS.values() for name in thing.names), key=len)
    names = "|".join(map(re.escape, reversed(known)))
    noun = rf"(?:(?!(?:{names})\b)(?:{looks}) )*(?:{names})\b"
    return re.compile(rf"\b(?:the|my|this|that) {noun}"), re.compile(rf"\ban? {noun}")


def cut(source: np.ndarray, plate: np.ndarray, change: Cut) -> np.ndarray | None:
    """The picture with the thing moved, resized or recoloured; None if there is no telling it.

    plate: the picture without the thing. What differs there is the thing and its shadow, matted by
    how much it does.
    """
    alpha = _matte(source, plate)
    if not SMALLEST < (alpha > 0.5).mean() < LARGEST:
        return None
    if change.kind == "recolor":
        return _recolored(source, alpha, change.color)
    return _set_in(source, plate, alpha, change)


def place_of(source: np.ndarray, plate: np.ndarray) -> np.ndarray | None:
    """Where the thing is that `plate` lacks, with room for another of its size: bool (H, W), a
    square on its foot; None if there is no telling it."""
    alpha = _matte(source, plate)
    if not SMALLEST < (alpha > 0.5).mean() < LARGEST:
        return None
    left, top, right, bottom = _box(alpha > 0.2)
    side = max(right - left, bottom - top)
    x = int(np.clip(round((left + right - side) / 2), 0, max(0, alpha.shape[1] - side)))
    area = np.zeros(alpha.shape, bool)
    area[max(0, bottom - side) : bottom, x : x + side] = True
    return area


def _recolored(source: np.ndarray, alpha: np.ndarray, color: str) -> np.ndarray | None:
    """The thing's main hue turned to another, as the world's glyphs are (render.py); None if it
    has none."""
    rgb = source.astype(np.float32) / 255
    high, low = rgb.max(-1), rgb.min(-1)
    spread, hue = high - low, hues(rgb)
    weight = alpha * spread * (spread > VIVID * high)
    if weight.sum() < SMALLEST * weight.size * 0.1:
        return None
    turns = (weight * np.exp(2j * np.pi * hue)).sum()
    main = np.angle(turns) / (2 * np.pi) % 1
    counts = np.bincount((hue * 24).astype(int).ravel() % 24, weight.ravel(), 24)
    if abs(turns) < 0.5 * weight.sum():  # several: the most frequent
        main = (counts.argmax() + 0.5) / 24
    near = (np.abs((hue - main + 0.5) % 1 - 0.5) < HUE_REACH) & (weight > 0)
    target = np.array(colorsys.hsv_to_rgb(COLORS[color], 1, 1), np.float32)
    turned = low[..., None] + spread[..., None] * target
    share = (alpha * near)[..., None]
    return ((rgb + share * (turned - rgb)) * 255).round().clip(0, 255).astype(np.uint8)


def _set_in(source: np.ndarray, plate: np.ndarray, alpha: np.ndarray, change: Cut) -> np.ndarray:
    left, top, right, bottom = _box(alpha > 0.2)
    height, width = alpha.shape
    cut = np.dstack([source.astype(np.float32), 255 * alpha])[top:bottom, left:right]
    cut[..., :3] *= cut[..., 3:] / 255  # premultiplied, so that what is behind does not bleed in
    size = [max(1, round(length * change.factor)) for length in (right - left, bottom - top)]
    size = [min(length, limit) for length, limit in zip(size, (width, height), strict=True)]
    if change.factor != 1.0:
        layers = [Image.fromarray(cut[..., k]) for k in range(4)]
        cut = np.dstack([np.asarray(layer.resize(size, Image.Resampling.LANCZOS))
                         for layer in layers]).clip(0, 255)
    middle = (left + right) / 2 + width * _across(change.column, (left, top, right, bottom), alpha)
    floats = (top + bottom) / 2 < HALF * height
    foot = bottom if not floats else (top + bottom + size[1]) / 2
    x = int(np.clip(round(middle - size[0] / 2), 0, width - size[0]))
    y = int(np.clip(round(foot - size[1]), 0, height - size[1]))
    result = plate.astype(np.float32)
    part = result[y : y + size[1], x : x + size[0]]
    part *= 1 - cut[..., 3:] / 255
    part += cut[..., :3]
    return result.round().clip(0, 255).astype(np.uint8)


def _across(column: str, box: tuple[int, int, int, int], alpha: np.ndarray) -> float:
    """How far to the right a thing has to go, in fractions of the width: as far as the world has it
    from the column that it stands in to the one that is asked for."""
    if not column:
        return 0.0
    left, top, right, bottom = box
    height, width = alpha.shape
    tall = max((right - left) / width, (bottom - top) / height)
    scale = min(SIZES.values(), key=lambda each: abs(each - tall))
    here = (left + right) / 2 / width
    stood = min(COLUMNS.values(), key=lambda x: abs(on_grid(x, 0.5, scale)[0] - here))
    return on_grid(COLUMNS[column], 0.5, scale)[0] - on_grid(stood, 0.5, scale)[0]


def _matte(source: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """How much of each pixel is the thing, float32 (H, W) in [0, 1]: the largest part that
    differs, whole, without the holes where it has the colour of what is behind it."""
    off = Image.fromarray(np.abs(source.astype(np.int16) - plate).max(-1).astype(np.uint8))
    soft = np.clip((np.asarray(off, np.float32) - LOW) / (HIGH - LOW), 0, 1)
    small = off.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    level = np.asarray(small.filter(ImageFilter.MedianFilter(3)), np.float32)
    area = torch.from_numpy(level > (LOW + HIGH) / 2)[None, None].float()
    if not area.any():
        return np.zeros(soft.shape, np.float32)
    whole = _filled(_largest(area))
    inner = 1 - F.max_pool2d(1 - whole, 3, 1, 1)
    outer = F.max_pool2d(whole, 5, 1, 2)
    inner, outer = (np.asarray(Image.fromarray(mask[0, 0].numpy()).resize(
        off.size, Image.Resampling.BILINEAR)) for mask in (inner, outer))
    return np.maximum(soft, inner) * outer


def _largest(area: torch.Tensor) -> torch.Tensor:
    """The largest connected part of an area, (1, 1, H, W) of 0 and 1."""
    labels = area * torch.arange(1, area.numel() + 1).view_as(area)
    while True:  # each cell takes the highest label that it touches
        spread = area * F.max_pool2d(labels, 3, 1, 1)
        if torch.equal(spread, labels):
            break
        labels = spread
    found, sizes = labels[area > 0].unique(return_counts=True)
    return (labels == found[sizes.argmax()]).float()


def _filled(area: torch.Tensor) -> torch.Tensor:
    """The area with what it encloses."""
    free = F.pad(1 - area, (1, 1, 1, 1), value=1.0)
    outside = torch.zeros_like(free)
    outside[..., 0, 0] = 1.0
    while True:
        spread = free * F.max_pool2d(outside, 3, 1, 1)
        if torch.equal(spread, outside):
            return 1 - outside[..., 1:-1, 1:-1]
        outside = spread


def _box(area: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
