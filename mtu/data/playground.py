"""Endless, seeded data sets of the playground world: row i is a function of (seed, i) alone."""

from dataclasses import dataclass

import numpy as np
from torch.utils.data import Dataset

from mtu.playground import atlas
from mtu.playground.captions import caption
from mtu.playground.cells import cell_labels, changed_cells
from mtu.playground.degrade import shrink
from mtu.playground.edits import (
    EDIT_KINDS,
    LOCAL_KINDS,
    REMOVAL_KINDS,
    apply,
    sample_edit,
    sample_removal,
)
from mtu.playground.instructions import instruction
from mtu.playground.render import item_mask, render_array
from mtu.playground.scene import GRID, odds_of, sample_scene
from mtu.playground.textures import texture
from mtu.playground.vocabulary import THINGS, WEATHERS
from mtu.stem import Stem, enlarge

_REMOVAL_ODDS = (0.4, 0.15, 0.2, 0.25)
LENGTH = 2**40  # rows are made on demand; a run decides how many it reads


@dataclass
class Row:
    """One training pair. Arrays are uint8 (side, side, 3); the mask is bool (side, side): where
    the source may be hidden from the model."""

    task: str
    text: str
    target: np.ndarray
    source: np.ndarray | None = None
    mask: np.ndarray | None = None
    kind: str = ""
    cells: np.ndarray | None = None  # (5, 16, 16): what stands in the target's cells (cells.py)


class Playground(Dataset):
    """Rows of one of the four tasks, or of a weighted mixture that every batch repeats.

    pattern: task names; row i has the task pattern[i % len(pattern)], so that a batch whose size
    is a multiple of the pattern holds every task. stem: what enlarges the sources of the task sr;
    None for bicubic. more_of: thing, weather, or kind of edit or removal -> how many times as
    often as the others, or as usual, it comes up; ValueError for a name that is none of these.
    atlas_path: see `atlas.ready`, which raises where the glyphs cannot be had.
    """

    def __init__(self, pattern: list[str], seed: int, side: int = 256, split: str = "train",
                 atlas_path=None, stem: Stem | None = None,
                 more_of: dict[str, float] | None = None):
        self.stem = stem
        self.more_of = more_of or {}
        known = (*THINGS, *WEATHERS, *EDIT_KINDS, *REMOVAL_KINDS)
        unknown = sorted(set(self.more_of) - set(known))
        if unknown:
            raise ValueError(f"There is no thing, weather or kind of edit called {unknown[0]!r}.")
        self.pattern, self.seed, self.side = pattern, seed, side
        self.split, self.atlas_path = split, atlas.ready(atlas_path)

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Row:
        rng = np.random.default_rng([self.seed, index])
        task = self.pattern[index % len(self.pattern)]
        return getattr(self, f"_{task}")(rng)

    def _render(self, scene, side: int | None = None) -> np.ndarray:
        return render_array(scene, side or self.side, self.atlas_path)

    def _scene(self, rng):
        return sample_scene(rng, split=self.split, more_of=self.more_of)

    def _t2i(self, rng) -> Row:
        scene = self._scene(rng)
        return Row("t2i", caption(scene, rng), self._render(scene), cells=cell_labels(scene))

    def _edit(self, rng) -> Row:
        kind = str(rng.choice(EDIT_KINDS, p=odds_of(EDIT_KINDS, self.more_of)))
        while True:
            scene = self._scene(rng)
            edit = sample_edit(rng, scene, kind, self.split)
            if edit:
                break
        after = apply(edit, scene)
        source, target = self._render(scene), self._render(after)
        hidden = None
        if kind in LOCAL_KINDS and rng.random() < 0.5:
            hidden = found_cells(source, target, rng)
        return Row("edit", instruction(scene, edit, rng), target, source, hidden, kind,
                   cells=cell_labels(after))

    def _inpaint(self, rng) -> Row:
        odds = odds_of(REMOVAL_KINDS, self.more_of, _REMOVAL_ODDS)
        kind = str(rng.choice(REMOVAL_KINDS, p=odds))
        while True:
            scene = self._scene(rng)
            edit = sample_removal(rng, scene, kind, self.split)
            if edit:
                break
        shown = scene
        if kind == "fill_mask" and rng.random() < 0.5:  # fill an empty spot
            shown = apply(type(edit)("remove_mask", edit.index), scene)
        after = apply(edit, scene)
        source, target = self._render(shown), self._render(after)
        mask = None
        if kind in ("remove_mask", "fill_mask"):
            mask = self._painted(scene, edit, rng)
        elif rng.random() < 0.5:  # as found by a first look
            mask = found_cells(source, target, rng)
        return Row("inpaint", instruction(scene, edit, rng), target, source, mask, kind,
                   cells=cell_labels(after))

    def _painted(self, scene, edit, rng) -> np.ndarray:
        """A hand-painted mask over the thing that goes, and over the one that comes."""
        mask = item_mask(scene.items[edit.index], self.side, self.atlas_path)
        if edit.item is not None:
            mask |= item_mask(edit.item, self.side, self.atlas_path)
        return painted(mask, rng)

    def _sr(self, rng) -> Row:
        scale = int(rng.choice([2, 4], p=[0.6, 0.4]))
        if rng.random() < 0.25:
            sharp = texture(rng, self.side)
        else:
            scene = self._scene(rng)
            zoom = int(rng.choice([1, 2], p=[0.6, 0.4]))
            sharp = self._render(scene, self.side * zoom)
            top, left = rng.integers(0, self.side * (zoom - 1) + 1, 2)
            sharp = sharp[top : top + self.side, left : left + self.side]
        source = enlarge(shrink(sharp, scale, rng), (self.side, self.side), self.stem)
        return Row("sr", "", sharp, np.asarray(source), kind=f"x{scale}")


def found_cells(source: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The cells of the grid in which two pictures (side, side, 3) differ, as a first look finds
    them: sometimes a row or column of cells too many. bool (side, side)."""
    side, changed = len(source), changed_cells(source, target)
    for axis in (0, 1):
        for shift in (-1, 1):
            if rng.random() < 0.35:
                moved = np.roll(changed, shift, axis)
                edge = [slice(None), slice(None)]
                edge[axis] = 0 if shift == 1 else -1
                moved[tuple(edge)] = False
                changed = changed | moved
    return changed.repeat(side // GRID, 0).repeat(side // GRID, 1)


def painted(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask as a hand would paint it: the thing's shape, its box or an oval, with a margin."""
    side = len(mask)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return mask
    margin = int(rng.integers(1, 8)) * side // 256 + 1
    top, bottom = max(rows[0] - margin, 0), min(rows[-1] + margin, side - 1)
    left, right = max(columns[0] - margin, 0), min(columns[-1] + margin, side - 1)
    y, x = np.mgrid[:side, :side]
    style = rng.random()
    if style < 0.4:
        reach = np.arange(-margin, margin + 1)
        out = mask.copy()
        for shift in reach:
            out |= np.roll(mask, shift, 0) | np.roll(mask, shift, 1)
        return out
    box = (y >= top) & (y <= bottom) & (x >= left) & (x <= right)
    if style < 0.7:
        return box
    cy, cx = (top + bottom) / 2, (left + right) / 2
    ry, rx = (bottom - top) / 2 * 1.25 + 1, (right - left) / 2 * 1.25 + 1
    return ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1
