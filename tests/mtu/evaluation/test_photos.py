"""Photographs and seams: what is cut and shrunk, and a seam that is there is told."""

import numpy as np
import pytest
from PIL import Image

from mtu.evaluation.photos import (
    borders,
    compared,
    inner_borders,
    load_photo,
    photo_files,
    seam,
    shrunk,
)


def _grain(height: int = 96, width: int = 96) -> np.ndarray:
    return np.random.default_rng(0).integers(90, 110, (height, width, 3), dtype=np.uint8)


def test_borders_are_where_tiles_begin_and_end():
    assert borders((480, 256), 256, 16) == ([224, 256], [])
    assert borders((256, 480), 256, 16) == ([], [224, 256])
    columns, rows = inner_borders((480, 256), 256, 16)
    assert rows == list(range(16, 252, 16))
    assert columns == [16 * k for k in range(1, 30) if 16 * k not in (224, 256)]


def test_a_step_at_a_border_is_a_seam_and_elsewhere_it_is_not():
    smooth, stepped = _grain(), _grain()
    assert seam(smooth, [40], [60]) == pytest.approx(1, abs=0.2)
    stepped[:, 40:] += 60
    assert seam(stepped, [40], []) > 5
    assert seam(stepped, [70], []) == pytest.approx(1, abs=0.2)
    assert seam(stepped.swapaxes(0, 1), [], [40]) == seam(stepped, [40], [])
    assert seam(smooth, [], []) is None and seam(np.zeros_like(smooth), [40], []) is None


def test_the_middle_of_a_photograph_is_cut_out_even(tmp_path):
    pixels = _grain(51, 90)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("")
    assert photo_files(tmp_path) == [tmp_path / "a.png"]
    assert (load_photo(tmp_path / "a.png", 64) == pixels[:50, 13:77]).all()
    Image.fromarray(pixels[:8]).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="smaller than 16 pixels"):
        load_photo(tmp_path / "a.png", 64)


@pytest.mark.parametrize("how", ["clean", "degraded"])
def test_a_small_picture_is_half_as_large(how):
    small = shrunk(_grain(40, 60), how, np.random.default_rng(0))
    assert small.size == (30, 20)


def test_a_blurred_enlargement_has_little_of_the_energy_and_the_original_all():
    sharp = _grain()
    blurred = np.full_like(sharp, 100)
    measures = compared(sharp, blurred, sharp)
    assert measures["checks"] == measures["true checks"] > 1
    assert compared(blurred, blurred, sharp)["checks"] == 0
    assert measures["energy of the truth's"] == 1 and measures["gain in dB"] > 20
    assert measures["bicubic energy of the truth's"] == 0
