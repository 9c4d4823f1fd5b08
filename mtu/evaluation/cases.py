"""What the model is asked: seeded cases with exact ground truth, none of them seen in training.

Training draws scenes from generators keyed (seed, row), evaluation from ones keyed (seed, name of
the group, number), so that no seed can meet a training row.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from mtu.data.playground import painted
from mtu.playground.degrade import shrink
from mtu.playground.edits import (
    EDIT_KINDS,
    REMOVAL_KINDS,
    Edit,
    apply,
    sample_edit,
    sample_removal,
)
from mtu.playground.instructions import instruction
from mtu.playground.phrases import (
    NUMBERS,
    described,
    is_natural_row,
    pick,
    plural,
    position,
    with_article,
)
from mtu.playground.render import item_mask, render_array
from mtu.playground.scene import (
    Scene,
    has_heldout_pair,
    sample_scene,
    usual_items,
    with_twin,
)
from mtu.playground.textures import texture
from mtu.playground.vocabulary import (
    COLORS,
    PLACES,
    STYLES,
    THINGS,
    TIMES,
    WEATHERS,
)

from .free import scene_of, shuffled

# group of t2i → number of things (0: any) and split of the scenes
_T2I = {"one thing": (1, "train"), "two things": (2, "train"), "three things": (3, "train"),
        "held-out pairs": (0, "heldout")}
_SR = {"×2": 2, "×4": 4}
FREE = "free phrasing"
USUAL = "usual layout"
COUNTS = "counts"
TWINS = "one of two alike"
GROUPS = {"t2i": (*_T2I, USUAL, COUNTS, FREE), "edit": EDIT_KINDS,
          "inpaint": (*REMOVAL_KINDS, TWINS), "sr": tuple(_SR)}


@dataclass(frozen=True)
class Case:
    """One question with its answer. Pictures are uint8 (H, W, 3).

    scene: what is asked for (t2i), or what the source shows. Of t2i only: columns, rows, sizes, the
    items whose column, row or size the text states; unsaid, measures of what the text leaves open;
    ordered, whether the things are to stand in the order of the text. mask: bool, the painted mask.
    hole: bool, where the removed thing is. source: of sr, the small picture.
    """

    task: str
    group: str
    text: str
    seed: int
    truth: np.ndarray
    source: np.ndarray | None = None
    scene: Scene | None = None
    edit: Edit | None = None
    mask: np.ndarray | None = None
    hole: np.ndarray | None = None
    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    unsaid: tuple[str, ...] = ()
    ordered: bool = False
    scale: int = 1


class Sampler:
    """Makes cases of pictures of `side` pixels; (seed, group, number) decide each entirely."""

    def __init__(self, seed: int, side: int = 256, atlas_path=None):
        self.seed, self.side, self.atlas_path = seed, side, atlas_path

    def cases(self, task: str, group: str, count: int) -> Iterator[Case]:
        """The first `count` cases of a group of GROUPS[task]."""
        for number in range(count):
            key = [self.seed, zlib.crc32(f"{task} {group}".encode()), number]
            yield getattr(self, f"_{task}")(group, int(number), np.random.default_rng(key))

    def _render(self, scene: Scene, side: int | None = None) -> np.ndarray:
        return render_array(scene, side or self.side, self.atlas_path)

    def _t2i(self, group: str, number: int, rng) -> Case:
        if group == FREE:
            words = shuffled(self.seed)[number]
            scene = scene_of(words, rng)
            return Case("t2i", group, words.text, number, self._render(scene), scene=scene,
                        unsaid=words.unsaid)
        if group in (USUAL, COUNTS):
            count = 2 + number % 2
            scene = _counted(count, rng) if group == COUNTS else _unlike(count, "train", rng)
            scene = replace(scene, items=usual_items(
                [item.thing for item in scene.items], [item.color for item in scene.items]))
            return Case("t2i", group, plain_prompt(scene, rng), number, self._render(scene),
                        scene=scene, ordered=group == USUAL)
        count, split = _T2I[group]
        scene = _unlike(count, split, rng)
        text, columns, rows, sizes = prompt(scene, rng)
        return Case("t2i", group, text, number, self._render(scene), scene=scene,
                    columns=columns, rows=rows, sizes=sizes)

    def _edit(self, kind: str, number: int, rng) -> Case:
        edit = None
        while edit is None:
            scene = sample_scene(rng)
            edit = sample_edit(rng, scene, kind)
        if kind == "style":  # each in its turn, so that every one has its figure
            edit = replace(edit, value=list(STYLES)[number % len(STYLES)])
        return Case("edit", kind, instruction(scene, edit, rng), number,
                    self._render(apply(edit, scene)), self._render(scene), scene, edit)

    def _inpaint(self, kind: str, number: int, rng) -> Case:
        edit = None
        while edit is None:
            scene = sample_scene(rng)
            if kind == TWINS:
                scene = with_twin(scene, rng)
                edit = Edit("remove_name", int(rng.choice((0, len(scene.items) - 1))))
            else:
                edit = sample_removal(rng, scene, kind)
        hole = item_mask(scene.items[edit.index], self.side, self.atlas_path)
        mask = painted(hole, rng) if kind in ("remove_mask", "fill_mask") else None
        return Case("inpaint", kind, instruction(scene, edit, rng), number,
                    self._render(apply(edit, scene)), self._render(scene), scene, edit, mask, hole)

    def _sr(self, group: str, number: int, rng) -> Case:
        scale, scene = _SR[group], None
        if number % 4 == 3:  # the mixture of training: three scenes to a texture
            sharp = texture(rng, self.side)
        else:
            scene = sample_scene(rng)
            sharp = self._render(scene)
        small = np.asarray(shrink(sharp, scale, rng))
        return Case("sr", group, "", number, sharp, small, scene, scale=scale)


def _unlike(count: int, split: str, rng: np.random.Generator) -> Scene:
    """A scene of `count` things (0: one to three), all different."""
    while True:
        scene = sample_scene(rng, count or None, split)
        if len({item.thing for item in scene.items}) == len(scene.items):
            return scene


def _counted(count: int, rng: np.random.Generator) -> Scene:
    """A scene of `count` things of one kind, half of the time of a kind that takes colours and in
    one; no held-out pair."""
    colored = rng.random() < 0.5
    while True:
        scene = sample_scene(rng, 1)
        if colored:
            thing = pick(rng, [name for name in THINGS if THINGS[name].recolorable])
            scene = scene.with_item(0, thing=thing, color=pick(rng, list(COLORS)))
        if not has_heldout_pair(scene):
            return replace(scene, items=scene.items * count)


def prompt(scene: Scene, rng: np.random.Generator) -> tuple[str, *tuple[tuple[int, ...], ...]]:
    """A caption that names every thing, colour, place and time, and weather unless it is clear;
    and the items whose column, whose row, and whose size it states.
    """
    parts, columns, rows, sizes = [], [], [], []
    for index, item in enumerate(scene.items):
        column = len(scene.items) > 1 or rng.random() < 0.5
        row = column and not is_natural_row(item)
        columns += [index] * column
        rows += [index] * row
        size = item.size != "medium" and rng.random() < 0.4
        sizes += [index] * size
        words = with_article(described(item, rng, float(size), 1.0, 0.0))
        parts.append(f"{words} {position(item, scene.place, rng, column, row)}".strip())
    text = f"{_listed(parts)} {_around(scene, rng)}"
    return text, tuple(columns), tuple(rows), tuple(sizes)


def plain_prompt(scene: Scene, rng: np.random.Generator) -> str:
    """The same with no word on where things stand or how large they are; things of one kind are
    counted ("two red balloons").
    """
    first, number = scene.items[0], len(scene.items)
    if number > 1 and all(item.thing == first.thing for item in scene.items):
        subject = f"{NUMBERS[number]} {first.color or ''} {plural(first.thing)}".replace("  ", " ")
    else:
        subject = _listed([with_article(described(item, rng, 0.0, 1.0, 0.0))
                           for item in scene.items])
    return f"{subject} {_around(scene, rng)}"


def _listed(parts: list[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{parts[0]}, {parts[1]} and {parts[2]}"


def _around(scene: Scene, rng: np.random.Generator) -> str:
    """The place and the time, and the weather unless it is clear."""
    place = PLACES[scene.place]
    words = [pick(rng, place.phrases[:2])]
    if place.has_time:
        words.append(TIMES[scene.time][0])
    if place.has_weather and scene.weather != "clear":
        words.append(WEATHERS[scene.weather][0])
    return " ".join(words)


def truth_scene(case: Case) -> Scene:
    """The scene that the right answer shows."""
    return apply(case.edit, case.scene) if case.edit else replace(case.scene)


def small_to_side(case: Case) -> np.ndarray:
    """Bicubic enlargement of an sr case's source, what the model has to beat."""
    size = (case.truth.shape[1], case.truth.shape[0])
    return np.asarray(Image.fromarray(case.source).resize(size, Image.Resampling.BICUBIC))
