"""Styles as plain image operations, and the words that ask for them."""

import numpy as np
import pytest
from PIL import Image

from mtu.playground.styles import CELLS, style_of, stylize
from mtu.playground.vocabulary import STYLES


@pytest.mark.parametrize(("words", "style"), [
    ("make it black and white", "black and white"), ("turn it into a pencil sketch", "sketch"),
    ("a sepia photo please", "sepia"), ("Pixelate it", "pixel art"), ("as a poster", "poster"),
    ("invert the colours", "negative"), ("remove the dog", None), ("make it night", None),
    ("make the car red", None), ("", None),
])
def test_what_is_asked_for(words, style):
    assert style_of(words) == style


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (640, 480)])
def test_any_size_keeps_its_size(style, size):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    out = stylize(pixels, style)
    assert out.shape == pixels.shape and out.dtype == np.uint8


def test_pixel_art_has_as_many_cells_on_a_photograph_as_in_the_world():
    ramp = np.asarray(Image.linear_gradient("L").convert("RGB").resize((1024, 512)))
    assert len(np.unique(stylize(ramp, "pixel art")[:, 0, 0])) == CELLS // 2
