"""Pictures with several requests each, and where in the picture each request belongs."""

from dataclasses import dataclass

import numpy as np
from torch.utils.data import Dataset

from mtu.playground import atlas
from mtu.playground.cells import cell_labels
from mtu.playground.degrade import enlarge, shrink
from mtu.playground.edits import (
    EDIT_KINDS,
    LOCAL_KINDS,
    Edit,
    apply,
    sample_edit,
    sample_removal,
)
from mtu.playground.instructions import instruction
from mtu.playground.render import item_mask, render_array
from mtu.playground.scene import GRID, Scene, odds_of, sample_scene, with_twin
from mtu.playground.textures import leaves, texture

from .playground import LENGTH

KINDS = ("remove_name", "remove_position", *EDIT_KINDS)
ODDS = (0.52, 0.1, 0.07, 0.07, 0.06, 0.06, 0.06, 0.02, 0.01, 0.02, 0.01)
TWINS = 0.25  # of the scenes hold two of a kind, which only the words tell apart
WORN = 0.4  # of the pictures are soft, noisy or compressed, as drawn and uploaded ones are
FOREIGN = 0.05  # of the pictures are not of the world, and no request has a place in them
ABSENT = 0.07  # of the requests are to remove what is not there
THIS = 0.12  # of the requests of a lone thing are to remove "this" or "it"


@dataclass
class Sought:
    """picture: uint8 (side, side, 3). texts and kinds: of the requests; cells: bool (requests, 16,
    16), where each changes the picture. labels: (5, 16, 16), what stands in its cells (cells.py).
    """

    picture: np.ndarray
    texts: list[str]
    kinds: list[str]
    cells: np.ndarray
    labels: np.ndarray


class Finding(Dataset):
    """Row i is a function of (seed, i) alone. requests: of each picture, of KINDS by ODDS.

    A change of the whole picture changes every cell; a request for a thing that is not there, or
    of a picture that holds nothing of the world, changes none. more_of: kind -> how many times as
    often as usual it comes up.
    """

    def __init__(self, seed: int, requests: int = 4, side: int = 256, atlas_path=None,
                 more_of: dict[str, float] | None = None, worn: float = WORN):
        self.seed, self.requests, self.side = seed, requests, side
        self.atlas_path, self.worn = atlas.ready(atlas_path), worn
        self.odds = odds_of(KINDS, more_of or {}, ODDS)

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Sought:
        rng = np.random.default_rng([self.seed, index])
        scene = sample_scene(rng)
        if rng.random() < TWINS:
            scene = with_twin(scene, rng)
        picture, labels = render_array(scene, self.side, self.atlas_path), cell_labels(scene)
        foreign = rng.random() < FOREIGN
        if foreign:
            picture = (leaves, texture)[int(rng.integers(2))](rng, self.side)
            labels = np.zeros_like(labels)
        if rng.random() < self.worn:
            picture = _worn(picture, rng)
        texts, kinds, cells = zip(*(self._request(scene, rng) for _ in range(self.requests)),
                                  strict=True)
        cells = np.stack(cells)
        return Sought(picture, list(texts), list(kinds), cells & (not foreign), labels)

    def _request(self, scene: Scene, rng: np.random.Generator) -> tuple[str, str, np.ndarray]:
        """A request of a scene, its kind, and the cells that it changes."""
        if rng.random() < ABSENT:
            here = {item.thing for item in scene.items}
            while True:
                other = sample_scene(rng, 1)
                if other.items[0].thing not in here:
                    text = instruction(other, Edit("remove_name", 0), rng)
                    return text, "absent", np.zeros((GRID, GRID), bool)
        edit = self._edit(scene, rng)
        return instruction(scene, edit, rng), edit.kind, self.cells(scene, edit)

    def _edit(self, scene: Scene, rng: np.random.Generator) -> Edit:
        if len(scene.items) == 1 and rng.random() < THIS:
            return Edit("remove_mask", 0)
        while True:
            kind = str(rng.choice(KINDS, p=self.odds))
            sample = sample_removal if kind.startswith("remove") else sample_edit
            if edit := sample(rng, scene, kind):
                return edit

    def cells(self, scene: Scene, edit: Edit) -> np.ndarray:
        """Where an edit changes the picture: the cells of the thing that goes, with its shadow,
        and of the one that comes, bool (16, 16)."""
        if edit.kind in EDIT_KINDS and edit.kind not in LOCAL_KINDS:
            return np.ones((GRID, GRID), bool)
        things = [] if edit.index is None else [scene.items[edit.index]]
        if edit.item is not None:
            things.append(apply(edit, scene).items[-1 if edit.index is None else edit.index])
        cell = self.side // GRID
        area = np.any([item_mask(each, self.side, self.atlas_path) for each in things], 0)
        return area.reshape(GRID, cell, GRID, cell).any((1, 3))


def _worn(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A little worse: through half its size or at its own, blurred, noisy, a JPEG."""
    small = shrink(picture, int(rng.integers(1, 3)), rng)
    return np.asarray(enlarge(small, (picture.shape[1], picture.shape[0])), np.uint8)
