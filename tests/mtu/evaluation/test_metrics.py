"""Metrics with answers known beforehand."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mtu.evaluation.metrics import (
    MOST_PSNR,
    checks,
    gradient_energy,
    grown,
    psnr,
    sharpness,
    ssim,
)
from mtu.evaluation.tables import number


def _grain(seed: int = 0, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 190, (side, side, 3), dtype=np.uint8)


def _blurred(pixels: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def test_psnr_of_a_constant_error():
    picture = _grain()
    assert psnr(picture, picture + 10) == pytest.approx(20 * np.log10(255 / 10), abs=1e-5)


def test_psnr_of_the_same_picture_is_capped():
    assert psnr(_grain(), _grain()) == MOST_PSNR


def test_psnr_looks_only_where_it_is_told():
    first, second = _grain(), _grain()
    second[:32] += 40
    top = np.zeros((64, 64), bool)
    top[:32] = True
    assert psnr(first, second, ~top) == MOST_PSNR
    assert psnr(first, second, top) == pytest.approx(20 * np.log10(255 / 40), abs=1e-5)
    assert psnr(first, second, np.zeros_like(top)) is None


def test_ssim_is_one_for_the_same_and_falls_with_blur():
    picture = _grain()
    values = [ssim(picture, picture), *(ssim(picture, _blurred(picture, s)) for s in (0.6, 1.5))]
    assert values[0] == pytest.approx(1, abs=1e-5)
    assert values[0] > values[1] + 0.05 > values[2] + 0.1


def test_sharpness_of_a_ramp_is_its_slope():
    ramp = np.repeat(np.arange(0, 192, 3, dtype=np.uint8)[None, :, None], 64, 0).repeat(3, 2)
    assert sharpness(ramp) == pytest.approx(3, abs=1e-4)
    assert sharpness(np.full((8, 8, 3), 90, np.uint8)) == 0


def test_gradient_energy_of_a_ramp_is_its_slope_squared():
    ramp = np.repeat(np.arange(0, 192, 3, dtype=np.uint8)[None, :, None], 64, 0).repeat(3, 2)
    assert gradient_energy(ramp) == pytest.approx(9, abs=1e-3)
    assert gradient_energy(np.full((8, 8, 3), 90, np.uint8)) == 0


def test_checks_are_of_single_pixels_and_not_of_edges():
    y, x = np.mgrid[:64, :64]
    check = np.where((y + x) % 2, 105, 95)[..., None].astype(np.uint8).repeat(3, 2)
    assert checks(check) == pytest.approx(5, abs=1e-3)
    edges = np.where(x // 8 % 2, 200, 50)[..., None].astype(np.uint8).repeat(3, 2)
    assert gradient_energy(edges) > gradient_energy(check)
    assert checks(edges) == checks(edges.swapaxes(0, 1)) == 0
    assert number(checks(check), "true checks") == "5.0"  # grey levels, not per cent


def test_a_blurred_picture_is_less_sharp():
    assert sharpness(_blurred(_grain(), 1.0)) < 0.6 * sharpness(_grain())


def test_a_grown_point_is_a_square_cut_at_the_edge():
    mask = np.zeros((20, 20), bool)
    mask[10, 8] = True
    assert grown(mask, 2).sum() == 25 and grown(mask, 2)[8:13, 6:11].all()
    mask[:] = False
    mask[0, 0] = True
    assert grown(mask, 3).sum() == 16
