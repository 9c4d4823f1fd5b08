"""Rows of the playground world: how often what comes up."""

from collections import Counter

import pytest

from mtu.data.playground import Playground
from mtu.playground import atlas

pytestmark = pytest.mark.skipif(
    atlas.find_font() is None and not atlas.default_path().is_file(),
    reason="the glyph font (fonts-noto-color-emoji) is not installed")


def kinds(task: str, more_of: dict[str, float] | None = None) -> Counter:
    data = Playground([task], 4, side=32, more_of=more_of)
    return Counter(data[row].kind for row in range(240))


def test_kinds_of_edits_come_up_as_often_as_asked():
    usual, more = kinds("edit"), kinds("edit", {"move": 4.0, "style": 0.0})
    assert 12 <= usual["move"] <= 45 and usual["style"] > 10  # 240 / 9
    assert more["move"] > 2 * usual["move"] and more["style"] == 0  # 240 · 4 / 11


def test_kinds_of_removals_come_up_as_often_as_asked():
    usual, more = kinds("inpaint"), kinds("inpaint", {"remove_position": 6.0})
    assert 70 <= usual["remove_name"] <= 125  # 240 · 0.4
    assert more["remove_position"] > 1.7 * usual["remove_position"]


def test_what_does_not_come_up_at_all_is_refused():
    with pytest.raises(ValueError, match="no thing, weather or kind of edit called 'zeppelin'"):
        Playground(["t2i"], 0, more_of={"zeppelin": 2.0})
