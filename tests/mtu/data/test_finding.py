"""Requests of a picture, and where in it they belong."""

from collections import Counter

import numpy as np
import pytest

from mtu.data.finding import KINDS, Finding
from mtu.playground import atlas
from mtu.playground.cells import changed_cells
from mtu.playground.edits import EDIT_KINDS, LOCAL_KINDS, Edit, apply
from mtu.playground.render import render_array
from mtu.playground.scene import Scene, make_item

pytestmark = pytest.mark.skipif(
    atlas.find_font() is None and not atlas.default_path().is_file(),
    reason="the glyph font (fonts-noto-color-emoji) is not installed")
WHOLE = set(EDIT_KINDS) - set(LOCAL_KINDS)
SCENE = Scene("beach", "day", "clear", (make_item("cat", "left", size="small"),
                                        make_item("balloon", "right", color="red")), 5)


@pytest.mark.parametrize("edit", [
    Edit("remove_name", 0), Edit("remove_position", 1, "right"), Edit("recolor", 1, "blue"),
    Edit("replace", 0, "dog", make_item("dog", "left", size="small")),
    Edit("add", None, "dog", make_item("dog", "middle", size="small")),
    Edit("move", 0, "middle", make_item("cat", "middle", size="small")),
    Edit("resize", 0, "bigger", make_item("cat", "left"))])
def test_the_cells_of_a_request_are_those_that_its_answer_changes(edit):
    cells = Finding(0).cells(SCENE, edit)
    differs = changed_cells(render_array(SCENE), render_array(apply(edit, SCENE)))
    assert (cells | ~differs).all()  # every changed cell
    assert (cells & ~differs).sum() <= (12 if edit.kind in ("recolor", "replace") else 2)


def test_a_change_of_the_picture_is_everywhere():
    for kind, value in (("place", "city"), ("time", "night"), ("weather", "snow")):
        assert Finding(0).cells(SCENE, Edit(kind, None, value)).all()


def test_rows_are_made_of_their_number_and_hold_what_they_say():
    data = Finding(3, requests=2)
    row, again = data[5], Finding(3, requests=2)[5]
    assert row.texts == again.texts and (row.picture == again.picture).all()
    assert row.picture.shape == (256, 256, 3) and row.cells.shape == (2, 16, 16)
    rows = [data[k] for k in range(60)]
    kinds = Counter(kind for row in rows for kind in row.kinds)
    assert set(kinds) <= {*KINDS, "remove_mask", "absent"} and kinds["remove_name"] > 40
    for row in rows:
        for kind, cells in zip(row.kinds, row.cells, strict=True):
            if kind == "absent" or not row.labels[0].any():
                assert not cells.any()  # not there, or a picture that is not of the world
            elif kind in WHOLE:
                assert cells.all()
            else:
                assert 0 < cells.mean() < 0.6
    assert any(not row.labels[0].any() for row in rows)


def test_kinds_come_up_as_often_as_asked():
    usual, more = (Counter(kind for k in range(60) for kind in Finding(2, more_of=wanted)[k].kinds)
                   for wanted in (None, {"move": 8.0}))
    assert more["move"] > 2 * usual["move"]


def test_worn_pictures_are_close_to_what_they_were():
    plain, worn = (Finding(4, worn=share)[7].picture for share in (0.0, 1.0))
    assert plain.shape == worn.shape and (plain != worn).any()
    assert np.abs(plain.astype(int) - worn).mean() < 20
