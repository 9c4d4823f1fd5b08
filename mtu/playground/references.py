"""Definite references to one item of a scene: "the cat", "the small dog on the left"."""

import numpy as np

from .phrases import COLUMN_WORDS, ROW_WORDS, name_of, pick
from .scene import Item, Scene
from .vocabulary import SIZE_WORDS, THINGS

# what may tell two things of one kind apart, the plainest first
_MARKS = (("column",), ("size",), ("color",), ("row",), ("size", "column"), ("column", "row"),
          ("color", "column"), ("size", "row"), ("size", "column", "row"))


def _value(item: Item, mark: str) -> str | None:
    if mark == "color":
        return item.color or THINGS[item.thing].color
    return getattr(item, mark)


def _telling(scene: Scene, index: int, rng: np.random.Generator) -> tuple[str, ...] | None:
    """Marks that only this item has among its kind; None if no set of marks does."""
    item = scene.items[index]
    twins = [other for i, other in enumerate(scene.items)
             if other.thing == item.thing and i != index]
    enough = [marks for marks in _MARKS
              if all(any(_value(item, mark) != _value(twin, mark) for mark in marks)
                     for twin in twins)]
    if not enough:
        return None
    return pick(rng, [marks for marks in enough if len(marks) == len(enough[0])])


def _furthest(scene: Scene, item: Item, name: str) -> str:
    """For twins alike in every named way: "the cat furthest to the left"."""
    twins = [other for other in scene.items if other.thing == item.thing]
    across = sorted(twins, key=lambda other: other.x)
    if item is across[0]:
        return f"the {name} furthest to the left"
    if item is across[-1]:
        return f"the {name} furthest to the right"
    return f"the {name} between the other two"


def is_unique(scene: Scene, index: int) -> bool:
    """True if no other item of the scene is the same kind of thing."""
    return sum(other.thing == scene.items[index].thing for other in scene.items) == 1


def reference(scene: Scene, index: int, rng: np.random.Generator, article: str = "the",
              extra: float = 1.0) -> str:
    """A phrase that names item `index` and no other item of the scene.

    Size, column and colour are sometimes told without need; `extra` multiplies how often.
    """
    item = scene.items[index]
    name = name_of(item.thing, rng, 0.15)
    marks: set[str] = set()
    if not is_unique(scene, index):
        telling = _telling(scene, index, rng)
        if telling is None:
            return _furthest(scene, item, name)
        marks.update(telling)
    if item.size != "medium" and rng.random() < 0.15 * extra:
        marks.add("size")
    if rng.random() < 0.13 * extra:
        marks.add("column")
    if item.color and rng.random() < 0.3 * extra:
        marks.add("color")
    words = name
    if "color" in marks:
        words = f"{_value(item, 'color')} {words}"
    if "size" in marks:
        words = f"{pick(rng, SIZE_WORDS[item.size])} {words}"
    if article:
        words = f"{article} {words}"
    if "row" in marks:
        words = f"{words} {pick(rng, ROW_WORDS[item.row])}"
    if "column" in marks:
        words = f"{words} {pick(rng, COLUMN_WORDS[item.column][:3])}"
    return words
