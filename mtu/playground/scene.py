"""A typed scene of the playground world, and seeded sampling of scenes.

Things stand on a grid of 16 × 16 cells, the patches the embedded model sees, at named places, in
three sizes of whole cells and facing as the font draws them. A glyph therefore meets the patches
in few ways, which a small model learns sooner than any place on the picture.

Most scenes have the usual layout: one large thing in the middle, two side by side, three in a row,
in the order in which a caption names them. A caption says where things are when they are elsewhere,
so that words which leave it open ("a cat and a dog") have one meaning a model can learn. Counts
("three balloons") are things of one kind.

A tenth of the (thing, place) and of the (thing, thing) pairs is held out: `sample_scene` with
`split="train"` never draws one, with `split="heldout"` it draws at least one.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from .vocabulary import COLORS, COLUMNS, PLACES, ROWS, SIZES, THINGS, TIMES, WEATHERS

SPLITS = ("train", "heldout", "any")
GRID = 16  # cells along the side
# number of things -> columns from the first named to the last, and their size
USUAL_COLUMNS = {1: ("middle",), 2: ("left", "right"), 3: ("left", "middle", "right")}
USUAL_SIZE = {1: "large", 2: "medium", 3: "small"}


@dataclass(frozen=True)
class Item:
    """A thing in a scene. x, y: its centre and its foot, in fractions of the picture's side."""

    thing: str
    column: str
    row: str
    size: str
    color: str | None  # None: the glyph's own colours
    x: float
    y: float
    scale: float  # height in fractions of the picture's side

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in fractions of the side (the glyph's square cell)."""
        half = self.scale / 2
        return (self.x - half, self.y - self.scale, self.x + half, self.y)


@dataclass(frozen=True)
class Scene:
    """Everything that decides a picture. `seed` draws the place's details (hills, clouds, …)."""

    place: str
    time: str
    weather: str
    items: tuple[Item, ...]
    seed: int
    style: str | None = None

    def with_item(self, index: int, **changes) -> "Scene":
        """The same scene with fields of one item changed."""
        items = list(self.items)
        items[index] = replace(items[index], **changes)
        return replace(self, items=tuple(items))


def is_heldout_pair(first: str, second: str) -> bool:
    """True for the tenth of unordered name pairs that training never sees together."""
    key = "|".join(sorted((first, second)))
    return zlib.crc32(key.encode()) % 10 == 3


def has_heldout_pair(scene: Scene) -> bool:
    """True if any thing–place or thing–thing pair of the scene is held out."""
    names = [item.thing for item in scene.items]
    pairs = [(name, scene.place) for name in names]
    pairs += [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if a != b]
    return any(is_heldout_pair(a, b) for a, b in pairs)


def make_item(
    thing: str,
    column: str,
    row: str | None = None,
    size: str = "medium",
    color: str | None = None,
) -> Item:
    """An item of a size at a named place."""
    row = row or THINGS[thing].row
    scale = SIZES[size]
    y = ROWS[row] if row == "down" else ROWS[row] + scale / 2
    return Item(thing, column, row, size, color, *on_grid(COLUMNS[column], y, scale), scale)


def on_grid(x: float, y: float, scale: float) -> tuple[float, float]:
    """The centre and foot nearest to (x, y) at which a thing of `scale` covers whole cells.

    The thing stays on the picture, its foot at least a cell above the lower edge.
    """
    left = min(max(round((x - scale / 2) * GRID), 0), GRID - round(scale * GRID))
    foot = min(max(round(y * GRID), round(scale * GRID)), GRID - 1)
    return left / GRID + scale / 2, foot / GRID


def overlaps(first: Item, second: Item, slack: float = 0.25) -> bool:
    """True if the two items' boxes share more than `slack` of the smaller one's area."""
    a, b = first.box(), second.box()
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return False
    return width * height > slack * min(first.scale, second.scale) ** 2


def is_usual(scene: Scene) -> bool:
    """True if the things stand where captions leave unsaid that they stand, at their usual size."""
    items = scene.items
    return tuple(item.column for item in items) == USUAL_COLUMNS.get(len(items), ()) and all(
        item.size == USUAL_SIZE[len(items)] and item.row == THINGS[item.thing].row
        for item in items)


def usual_items(things: Sequence[str], colors: Sequence[str | None] = ()) -> tuple[Item, ...]:
    """One to three things in the usual layout, in their order; `colors` of the first of them."""
    return tuple(make_item(thing, column, None, USUAL_SIZE[len(things)], color)
                 for thing, column, color
                 in zip_longest(things, USUAL_COLUMNS[len(things)], colors))


def _color(rng: np.random.Generator, thing: str) -> str | None:
    if THINGS[thing].recolorable and rng.random() < 0.7:
        return str(rng.choice(list(COLORS)))
    return None


def odds_of(names: Sequence[str], more_of: dict[str, float],
            usual: Sequence[float] | None = None) -> np.ndarray:
    """Probabilities of `names`, where those in `more_of` come up so many times as often as the
    others; with `usual`, as they do by these."""
    weights = np.array([more_of.get(name, 1.0) for name in names], float)
    if usual is not None:
        weights *= usual
    return weights / weights.sum()


def _sample_items(rng: np.random.Generator, count: int, odds) -> tuple[Item, ...]:
    drawn = rng.choice(list(THINGS), size=count, replace=False, p=odds)
    names = [str(name) for name in drawn]
    counted = count > 1 and rng.random() < 0.12
    if counted:
        names = names[:1] * count
    colors = [_color(rng, name) for name in names]
    if counted and rng.random() < 0.8:
        colors = colors[:1] * count
    if rng.random() < (0.4 if count == 1 else 0.7):
        return usual_items(names, colors)
    sizes = {1: ("small", "medium", "large", "large"), 2: ("small", "medium", "large"),
             3: ("small", "small", "medium")}[count]
    items: list[Item] = []
    for name, color in zip(names, colors, strict=True):
        for _ in range(20):
            row = THINGS[name].row
            if rng.random() < 0.2:
                row = "up" if row == "down" else "down"
            item = make_item(name, str(rng.choice(list(COLUMNS))), row, str(rng.choice(sizes)),
                             color)
            if not any(overlaps(item, other, 0.02) for other in items):
                items.append(item)
                break
    return tuple(items)


def sample_scene(
    rng: np.random.Generator, count: int | None = None, split: str = "train",
    more_of: dict[str, float] | None = None
) -> Scene:
    """A random scene of one to three things (`count` fixes it). more_of: thing or weather -> how
    many times as often as the others, or as usual, it comes up. Raises ValueError on `split`."""
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}.")
    things = odds_of(tuple(THINGS), more_of) if more_of else None
    weathers = odds_of(tuple(WEATHERS), more_of or {}, _WEATHER_ODDS)
    while True:
        number = count or int(rng.choice([1, 2, 3], p=[0.45, 0.33, 0.22]))
        place = PLACES[str(rng.choice(list(PLACES), p=_PLACE_ODDS))]
        time = str(rng.choice(list(TIMES), p=[0.5, 0.22, 0.28])) if place.has_time else "day"
        weather = "clear"
        if place.has_weather:
            weather = str(rng.choice(list(WEATHERS), p=weathers))
        items = _sample_items(rng, number, things)
        scene = Scene(place.name, time, weather, items, int(rng.integers(2**31)))
        if len(items) == number and (split == "any" or
                                     has_heldout_pair(scene) == (split == "heldout")):
            return scene


def with_twin(scene: Scene, rng: np.random.Generator) -> Scene:
    """The scene with two of its first thing, as the first and the last: in different columns, and
    half of the time of different sizes.

    Of the other things those stay that leave the two their places.
    """
    thing, color = scene.items[0].thing, scene.items[0].color
    unlike = rng.random() < 0.5
    while True:
        columns = rng.permutation(list(COLUMNS))[:2]
        sizes = rng.permutation(list(SIZES))[:2] if unlike else (rng.choice(list(SIZES)),) * 2
        twins = [make_item(thing, str(column), size=str(size), color=color)
                 for column, size in zip(columns, sizes, strict=True)]
        if not overlaps(*twins, 0.02):
            break
    rest = [item for item in scene.items[1:] if item.thing != thing
            and not any(overlaps(item, twin, 0.02) for twin in twins)]
    return replace(scene, items=(twins[0], *rest, twins[1]))


_WEIGHTS = np.array([0.4 if name.startswith("plain") else 1.0 for name in PLACES])
_PLACE_ODDS = _WEIGHTS / _WEIGHTS.sum()
_WEATHER_ODDS = (0.7, 0.15, 0.15)  # clear, rain, snow
