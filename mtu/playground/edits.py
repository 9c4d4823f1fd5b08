"""Typed edits: each maps a Scene to a Scene, so every edit has an exact ground truth."""

from dataclasses import dataclass, replace

import numpy as np

from .scene import Item, Scene, has_heldout_pair, make_item, on_grid, overlaps
from .vocabulary import COLORS, COLUMNS, PLACES, SIZES, STYLES, THINGS, TIMES, WEATHERS

EDIT_KINDS = (
    "replace", "add", "recolor", "resize", "move", "place", "time", "weather", "style",
)
LOCAL_KINDS = EDIT_KINDS[:5]  # they change a part of the picture
REMOVAL_KINDS = ("remove_name", "remove_position", "remove_mask", "fill_mask")
_SIZE_ORDER = tuple(SIZES)


@dataclass(frozen=True)
class Edit:
    """One change of a scene.

    kind: of EDIT_KINDS or REMOVAL_KINDS. index: the item it is about, where it is about one.
    value: the new thing, colour, place, time, weather, style or column; "bigger" or "smaller"
    for resize. item: the item that add, replace and fill_mask put into the scene.
    """

    kind: str
    index: int | None = None
    value: str | None = None
    item: Item | None = None


def apply(edit: Edit, scene: Scene) -> Scene:
    """The scene after the edit. Raises ValueError for a kind that is not known."""
    if edit.kind in ("remove_name", "remove_position", "remove_mask"):
        rest = scene.items[: edit.index] + scene.items[edit.index + 1 :]
        return replace(scene, items=rest)
    if edit.kind in ("replace", "fill_mask") and edit.index is not None:
        items = list(scene.items)
        items[edit.index] = edit.item
        return replace(scene, items=tuple(items))
    if edit.kind in ("add", "fill_mask"):
        return replace(scene, items=(*scene.items, edit.item))
    if edit.kind == "recolor":
        return scene.with_item(edit.index, color=edit.value)
    if edit.kind in ("resize", "move"):
        items = list(scene.items)
        items[edit.index] = edit.item
        return replace(scene, items=tuple(items))
    if edit.kind in ("place", "time", "weather", "style"):
        return replace(scene, **{edit.kind: edit.value})
    raise ValueError(f"There is no edit of the kind {edit.kind!r}.")


def _other(rng: np.random.Generator, names, *avoid) -> str:
    return str(rng.choice([name for name in names if name not in avoid]))


def _free(item: Item, scene: Scene, skip: int | None = None) -> bool:
    others = [other for i, other in enumerate(scene.items) if i != skip]
    return not any(overlaps(item, other, 0.02) for other in others)


def _color_for(rng: np.random.Generator, thing: str) -> str | None:
    if THINGS[thing].recolorable and rng.random() < 0.5:
        return str(rng.choice(list(COLORS)))
    return None


def _replace(rng, scene: Scene) -> Edit | None:
    index = int(rng.integers(len(scene.items)))
    old = scene.items[index]
    thing = _other(rng, THINGS, *(item.thing for item in scene.items))
    new = replace(old, thing=thing, color=_color_for(rng, thing))
    return Edit("replace", index, thing, new)


def usual_spot(scene: Scene, thing: str, color: str | None = None) -> Item | None:
    """Where a thing goes that is added without a word on where: the first free spot, of medium
    size, from right to left; None if all are taken."""
    spots = (make_item(thing, column, color=color) for column in ("right", "left", "middle"))
    return next((spot for spot in spots if _free(spot, scene)), None)


def _add(rng, scene: Scene) -> Edit | None:
    thing = _other(rng, THINGS, *(item.thing for item in scene.items))
    color = _color_for(rng, thing)
    item = usual_spot(scene, thing, color)
    if item is None or rng.random() < 0.5:
        size = str(rng.choice(["small", "medium"])) if len(scene.items) > 1 else \
            str(rng.choice(list(SIZES)))
        item = make_item(thing, str(rng.choice(list(COLUMNS))), None, size, color)
    return Edit("add", None, thing, item) if _free(item, scene) else None


def _recolor(rng, scene: Scene) -> Edit | None:
    able = [i for i, item in enumerate(scene.items) if THINGS[item.thing].recolorable]
    if not able:
        return None
    index = int(rng.choice(able))
    item = scene.items[index]
    color = _other(rng, COLORS, item.color or THINGS[item.thing].color)
    return Edit("recolor", index, color)


def _resize(rng, scene: Scene) -> Edit | None:
    index = int(rng.integers(len(scene.items)))
    old = scene.items[index]
    step = int(rng.choice([-1, 1]))
    rank = _SIZE_ORDER.index(old.size) + step
    if not 0 <= rank < len(_SIZE_ORDER):
        return None
    size = _SIZE_ORDER[rank]
    scale = SIZES[size]
    y = old.y if old.row == "down" else old.y + (scale - old.scale) / 2
    x, y = on_grid(old.x, y, scale)
    item = replace(old, size=size, scale=scale, x=x, y=y)
    edit = Edit("resize", index, "bigger" if step > 0 else "smaller", item)
    return edit if _free(item, scene, index) else None


def _move(rng, scene: Scene) -> Edit | None:
    index = int(rng.integers(len(scene.items)))
    old = scene.items[index]
    column = _other(rng, COLUMNS, old.column)
    x, _ = on_grid(COLUMNS[column], old.y, old.scale)
    item = replace(old, column=column, x=x)
    return Edit("move", index, column, item) if _free(item, scene, index) else None


def _place(rng, scene: Scene) -> Edit | None:
    place = PLACES[_other(rng, PLACES, scene.place)]
    time_ok = place.has_time or scene.time == "day"
    weather_ok = place.has_weather or scene.weather == "clear"
    return Edit("place", None, place.name) if time_ok and weather_ok else None


def _time(rng, scene: Scene) -> Edit | None:
    if not PLACES[scene.place].has_time:
        return None
    return Edit("time", None, _other(rng, TIMES, scene.time))


def _weather(rng, scene: Scene) -> Edit | None:
    if not PLACES[scene.place].has_weather:
        return None
    return Edit("weather", None, _other(rng, WEATHERS, scene.weather))


def _style(rng, scene: Scene) -> Edit | None:
    return Edit("style", None, str(rng.choice(list(STYLES))))


_SAMPLERS = {
    "replace": _replace, "add": _add, "recolor": _recolor, "resize": _resize, "move": _move,
    "place": _place, "time": _time, "weather": _weather, "style": _style,
}


def sample_edit(
    rng: np.random.Generator, scene: Scene, kind: str | None = None, split: str = "train"
) -> Edit | None:
    """A random edit of EDIT_KINDS that suits the scene; None if none of `kind` does.

    With split="train" the scene it leads to holds no held-out pair either.
    """
    for _ in range(12):
        chosen = kind or str(rng.choice(EDIT_KINDS))
        edit = _SAMPLERS[chosen](rng, scene)
        if edit and not (split == "train" and has_heldout_pair(apply(edit, scene))):
            return edit
    return None


def sample_removal(
    rng: np.random.Generator, scene: Scene, kind: str | None = None, split: str = "train"
) -> Edit | None:
    """A random removal (or filling of a mask with a named thing); None if `kind` does not suit.

    Removal by name needs a name that only one item has, or else a size or column that tells the
    two apart; removal by position needs the only item in its column.
    """
    kind = kind or str(rng.choice(REMOVAL_KINDS, p=[0.5, 0.15, 0.15, 0.2]))
    index = int(rng.integers(len(scene.items)))
    item = scene.items[index]
    if kind == "remove_position":
        rivals = [other for other in scene.items if other.column == item.column]
        return Edit(kind, index, item.column) if len(rivals) == 1 else None
    if kind == "remove_name":
        twins = [other for other in scene.items if other.thing == item.thing]
        unique = len({(other.size, other.column) for other in twins}) == len(twins)
        return Edit(kind, index) if unique else None
    if kind == "remove_mask":
        return Edit(kind, index)
    thing = _other(rng, THINGS, *(other.thing for other in scene.items))
    edit = Edit("fill_mask", index, thing,
                replace(item, thing=thing, color=_color_for(rng, thing)))
    if split == "train" and has_heldout_pair(apply(edit, scene)):
        return None
    return edit
