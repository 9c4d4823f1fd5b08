"""Fixtures of the evaluation's tests: the shipped reader, and a skip where nothing can render."""

from pathlib import Path

import pytest

from mtu.evaluation import SceneReader
from mtu.playground import atlas

READER = Path(__file__).parents[3] / "assets" / "reader"


@pytest.fixture(scope="session")
def glyphs() -> dict:
    """The glyph atlas; the test is skipped where neither it nor the font is there."""
    try:
        return atlas.load()
    except atlas.MissingFontError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def reader() -> SceneReader:
    """The reader with the weights that are shipped."""
    return SceneReader.from_pretrained(READER)
