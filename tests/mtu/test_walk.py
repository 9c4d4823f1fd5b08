"""The tables of what the walk was tried on, and the page that shows them."""

from pathlib import Path

import pytest

from mtu import walk
from mtu.walk_models import REFUSED, TRIED

PAGE = Path(__file__).parent.parent.parent / "docs" / "denoisers.md"


def test_the_command_prints_the_tables(capsys, monkeypatch):
    few = {name: TRIED[name] for name in ("DiTTransformer2DModel", "LTXVideoTransformer3DModel")}
    monkeypatch.setattr(walk, "TRIED", few)
    assert walk.main([]) == 0
    printed = capsys.readouterr().out
    assert "| DiTTransformer2DModel | 2 |" in printed
    assert "norm: norm2 is a RMSNorm, not a LayerNorm; condition: its samples are videos" in printed
    assert all(f"| {name} |" in printed for name in REFUSED)
    with pytest.raises(SystemExit, match="2"):
        walk.main(["nonsense"])
    assert capsys.readouterr().err.count("\n") == 1


def test_the_page_shows_every_class_that_was_tried_and_the_reasons_as_they_are():
    page = PAGE.read_text(encoding="utf-8")
    for name in TRIED:
        assert f"| {name} |" in page
    for name in REFUSED:
        assert f"| {name} | {walk.refusal(name)} |" in page
