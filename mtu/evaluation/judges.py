"""Is the picture what was asked for? One judge per task; each answers with named measures.

A measure is True or False (a share, once averaged), a number, or None where it does not apply.
"""

import math
from collections import Counter
from dataclasses import replace

import numpy as np

from mtu.data.reader import cells_of, drawn_box
from mtu.playground.edits import LOCAL_KINDS
from mtu.playground.scene import Item, Scene
from mtu.playground.vocabulary import PLACES, SIZES

from .cases import Case, small_to_side, truth_scene
from .metrics import checks, gradient_energy, grown, psnr, sharpness, ssim
from .reading import Found, Reading

NEAR = 0.15  # of the side: a thing's centre this close to its spot is at its spot
CLEAN = 22.0  # dB in the hole; a smear where the thing was has less
MARGIN = 6  # pixels around a change that may change with it
# share of a thing's cells in which the reader sees it: medians of 333 things of unseen scenes
# (python -m mtu.evaluation.seen)
_SEEN = {"small": 0.94, "medium": 0.96, "large": 0.93}
ENERGY = 0.15  # an enlargement's gradient energy may be this far from the truth's

Measures = dict[str, bool | float | None]


def judge(case: Case, picture: np.ndarray, reading: Reading | None, atlas_path=None) -> Measures:
    """The measures of a picture, uint8 (H, W, 3), made for `case`. sr needs no reading."""
    if case.task == "t2i":
        return _drawn(case, reading, atlas_path)
    if case.task == "sr":
        return _enlarged(case, picture)
    if case.task == "edit":
        return _edited(case, picture, reading, atlas_path)
    return _erased(case, picture, reading, atlas_path)


def column_of(found: Found) -> str:
    """"left", "middle" or "right" third, as the world's columns lie."""
    return "left" if found.x < 0.355 else "right" if found.x > 0.645 else "middle"


def row_of(found: Found) -> str:
    """"up" or "down"."""
    return "up" if found.y < 0.45 else "down"


def size_of(found: Found, item: Item, atlas_path=None) -> str:
    """The one of SIZES in which the reader would see the item in as many cells as it did."""
    cells = {size: _SEEN[size] * cells_of(replace(item, size=size, scale=scale), atlas_path).sum()
             for size, scale in SIZES.items()}
    return min(cells, key=lambda size: abs(math.log(found.cells / cells[size])))


def _drawn(case: Case, reading: Reading, atlas_path) -> Measures:
    scene, place = case.scene, PLACES[case.scene.place]
    items = _pairs(scene, reading)
    wanted = Counter(item.thing for item in scene.items)
    seen = Counter(found.thing for found in reading.things)

    def every(chosen: list[bool]) -> bool | None:
        return all(chosen) if chosen else None

    measures = {
        "things": all(found is not None for _, found in items),
        "count": every([seen[thing] == count for thing, count in wanted.items() if count > 1]),
        "order": _in_order([found for _, found in items]) if case.ordered else None,
        "place": reading.place == scene.place,
        "time": reading.time == scene.time
        if place.has_time and "time" not in case.unsaid else None,
        "weather": reading.weather == scene.weather
        if place.has_weather and scene.weather != "clear" else None,
        "column": every([found is not None and column_of(found) == item.column
                         for k, (item, found) in enumerate(items) if k in case.columns]),
        "row": every([found is not None and row_of(found) == item.row
                      for k, (item, found) in enumerate(items) if k in case.rows]),
        "color": every([found is not None and found.color == item.color
                        for item, found in items if item.color]),
        "nothing else": set(seen) <= set(wanted),
    }
    # the size stands apart: large things are often seen in part, and "all" would suffer from it
    size = every([found is not None and size_of(found, item, atlas_path) == item.size
                  for k, (item, found) in enumerate(items) if k in case.sizes])
    return measures | {"all": all(value is not False for value in measures.values()), "size": size}


def _pairs(scene: Scene, reading: Reading) -> list[tuple[Item, Found | None]]:
    """Every item with what was found of its kind: the largest for one of a kind, and for several
    each its own, from left to right."""
    pairs = []
    for item in scene.items:
        alike = sorted(other.x for other in scene.items if other.thing == item.thing)
        found = [found for found in reading.things if found.thing == item.thing]
        found.sort(key=lambda each: -each.cells)
        found = sorted(found[: len(alike)], key=lambda each: each.x)
        rank = alike.index(item.x)
        pairs.append((item, found[rank] if rank < len(found) else None))
    return pairs


def _in_order(found: list[Found | None]) -> bool:
    """All are there, each to the right of the one before."""
    return None not in found and all(
        one.x < other.x for one, other in zip(found, found[1:], strict=False))


def _spot(item: Item, atlas_path) -> tuple[float, float]:
    left, top, right, bottom = drawn_box(item, atlas_path)
    return (left + right) / 2, (top + bottom) / 2


def _at(reading: Reading, item: Item, thing: str | None, atlas_path) -> Found | None:
    """The nearest found thing (of the kind `thing`, if given) at the item's spot, or None."""
    x, y = _spot(item, atlas_path)
    near = [(math.hypot(found.x - x, found.y - y), found) for found in reading.things
            if thing in (None, found.thing)]
    distance, found = min(near, key=lambda pair: pair[0], default=(1.0, None))
    return found if distance < NEAR else None


def _kept(case: Case, reading: Reading, atlas_path) -> bool:
    """Every other thing is still at its spot, and the rest of the scene is as it was."""
    kind, changed = case.edit.kind, case.edit.index
    same = all(getattr(reading, name) == getattr(case.scene, name)
               for name in ("place", "time", "weather") if name != kind)
    return same and all(_at(reading, item, item.thing, atlas_path)
                        for k, item in enumerate(case.scene.items) if k != changed)


def _edited(case: Case, picture, reading: Reading, atlas_path) -> Measures:
    done = bool(_DONE[case.edit.kind](case, reading, atlas_path))
    kept = None
    if case.edit.kind != "style":  # a style may leave nothing to read
        kept = _kept(case, reading, atlas_path)
    outside = None
    if case.edit.kind in LOCAL_KINDS:
        changed = (case.truth != case.source).any(-1)
        outside = psnr(picture, case.source, ~grown(changed, MARGIN))
    return {"right": done and kept is not False, "done": done, "kept": kept,
            "PSNR outside": outside, "PSNR to truth": psnr(picture, case.truth)}


def _replaced(case: Case, reading: Reading, atlas_path) -> bool:
    new, old = case.edit.item, case.scene.items[case.edit.index]
    return bool(_at(reading, new, new.thing, atlas_path)) \
        and not _at(reading, old, old.thing, atlas_path)


def _added(case: Case, reading: Reading, atlas_path) -> bool:
    return any(found.thing == case.edit.item.thing for found in reading.things)


def _recolored(case: Case, reading: Reading, atlas_path) -> bool:
    item = case.scene.items[case.edit.index]
    found = _at(reading, item, item.thing, atlas_path)
    return found is not None and found.color == case.edit.value


def _resized(case: Case, reading: Reading, atlas_path) -> bool:
    """Its extent is nearer to that of the right answer than to that of the source."""
    old, new = case.scene.items[case.edit.index], case.edit.item
    found = _at(reading, new, new.thing, atlas_path)
    if found is None:
        return False
    before, after = (float(cells_of(item, atlas_path).sum()) for item in (old, new))
    return abs(math.log(found.cells / after)) < abs(math.log(found.cells / before))


def _moved(case: Case, reading: Reading, atlas_path) -> bool:
    old, new = case.scene.items[case.edit.index], case.edit.item
    found = _at(reading, new, new.thing, atlas_path)
    return found is not None and column_of(found) == case.edit.value \
        and not _at(reading, old, old.thing, atlas_path)


def _whole(case: Case, reading: Reading, atlas_path) -> bool:
    return getattr(reading, case.edit.kind) == case.edit.value


_DONE = {"replace": _replaced, "add": _added, "recolor": _recolored, "resize": _resized,
         "move": _moved, "place": _whole, "time": _whole, "weather": _whole, "style": _whole}


def _erased(case: Case, picture, reading: Reading, atlas_path) -> Measures:
    item = case.scene.items[case.edit.index]
    kept = _kept(case, reading, atlas_path)
    inside = psnr(picture, case.truth, case.hole)
    touched = case.hole if case.mask is None else case.hole | case.mask
    measures = {"kept": kept, "PSNR in the hole": inside,
                "PSNR outside": psnr(picture, case.source, ~grown(touched, MARGIN))}
    if case.edit.kind == "fill_mask":
        new = truth_scene(case).items[case.edit.index]
        done = bool(_at(reading, new, new.thing, atlas_path))
        return {"right": done and kept, "done": done} | measures
    gone = _at(reading, item, None, atlas_path) is None
    return {"right": gone and kept, "done": gone, "clean": gone and kept and inside > CLEAN} \
        | measures


def _enlarged(case: Case, picture) -> Measures:
    bicubic = small_to_side(case)
    ours, theirs = psnr(picture, case.truth), psnr(bicubic, case.truth)
    energy = gradient_energy(case.truth)
    share, other = ((gradient_energy(shown) / energy if energy else None)
                    for shown in (picture, bicubic))
    return {"PSNR": ours, "bicubic PSNR": theirs, "gain in dB": ours - theirs,
            "energy of the truth's": share, "bicubic energy of the truth's": other,
            "energy within 15%": None if share is None else abs(share - 1) <= ENERGY,
            "SSIM": ssim(picture, case.truth), "bicubic SSIM": ssim(bicubic, case.truth),
            "sharpness": sharpness(picture), "bicubic sharpness": sharpness(bicubic),
            "true sharpness": sharpness(case.truth), "checks": checks(picture),
            "true checks": checks(case.truth)}
