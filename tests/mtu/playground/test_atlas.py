"""The glyphs' atlas: there when it is needed, or one sentence on what to do."""

import pytest

from mtu.data.playground import Playground
from mtu.playground import atlas
from mtu.playground.render import render_array
from mtu.playground.scene import Scene

SCENE = Scene("beach", "day", "clear", (), 0)


def test_what_was_never_built_is_built_when_a_picture_is_drawn(monkeypatch, tmp_path):
    if atlas.find_font() is None:
        pytest.skip("the glyph font (fonts-noto-color-emoji) is not installed")
    monkeypatch.setenv("ONEBRUSH_ATLAS", str(tmp_path / "atlas.png"))
    assert render_array(SCENE, 32).shape == (32, 32, 3)
    assert (tmp_path / "atlas.png").is_file()


def test_without_font_or_atlas_training_says_so_before_it_begins(monkeypatch, tmp_path):
    monkeypatch.setenv("ONEBRUSH_ATLAS", str(tmp_path / "atlas.png"))
    monkeypatch.setattr(atlas, "find_font", lambda: None)
    with pytest.raises(atlas.MissingFontError, match="fonts-noto-color-emoji or name an atlas"):
        Playground(["t2i"], 0)
    with pytest.raises(FileNotFoundError, match="no atlas at .*elsewhere"):
        Playground(["t2i"], 0, atlas_path=tmp_path / "elsewhere")
