"""Things cover whole cells of the grid, whatever edit put them there."""

import numpy as np

from mtu.playground.cells import cell_labels
from mtu.playground.edits import EDIT_KINDS, apply, sample_edit
from mtu.playground.scene import GRID, make_item, on_grid, sample_scene
from mtu.playground.vocabulary import SIZES


def _is_whole(item) -> bool:
    edges = np.array(item.box()) * GRID
    return bool(np.allclose(edges, edges.round()) and edges.min() >= 0 and edges.max() <= GRID)


def test_every_thing_stands_on_whole_cells_before_and_after_every_edit():
    rng = np.random.default_rng(3)
    for kind in EDIT_KINDS * 6:
        scene = sample_scene(rng)
        edit = sample_edit(rng, scene, kind)
        after = apply(edit, scene) if edit else scene
        assert all(_is_whole(item) for item in (*scene.items, *after.items)), (kind, scene, after)


def test_a_place_off_the_picture_is_brought_back_onto_it():
    for scale in SIZES.values():
        assert on_grid(-1.0, -1.0, scale) == (scale / 2, scale)
        assert on_grid(2.0, 2.0, scale) == (1 - scale / 2, (GRID - 1) / GRID)


def test_the_cells_of_a_scene_are_those_under_its_things():
    rng = np.random.default_rng(0)
    scene = sample_scene(rng, count=1)
    item = make_item("cat", "left", "down", "small")
    cells = cell_labels(type(scene)("beach", "day", "clear", (item,), 0))[0] > 0
    left, top, right, bottom = (round(edge * GRID) for edge in item.box())
    assert cells.sum() == 16 and cells[top:bottom, left:right].all()
