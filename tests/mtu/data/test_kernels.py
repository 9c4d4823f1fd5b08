"""Blur and sinc kernels against their definitions."""

import numpy as np
import pytest
import torch

from mtu.data.kernels import blur_kernel, sinc_kernel

OFFSETS = np.arange(-10, 11)


def covariance(kernel):
    """The kernel's second moments (xx, yy, xy) in pixels²; x runs along a row."""
    y, x = np.meshgrid(OFFSETS, OFFSETS, indexing="ij")
    return [float((kernel * product).sum()) for product in (x * x, y * y, x * y)]


@pytest.mark.parametrize("shape", ["gaussian", "generalized", "plateau"])
@pytest.mark.parametrize("size", [7, 21])
def test_a_blur_kernel_sums_to_one_and_keeps_its_centre(shape, size):
    kernel = blur_kernel(shape, size, 1.3, 2.1, 0.7, 1.5)
    assert kernel.shape == (size, size) and kernel.sum() == pytest.approx(1)
    assert kernel.min() >= 0 and np.allclose(kernel, kernel[::-1, ::-1])
    assert kernel.argmax() == size * size // 2


def test_a_gaussian_has_the_variance_it_names():
    assert covariance(blur_kernel("gaussian", 21, 2.0, 2.0)) == pytest.approx([4, 4, 0], abs=0.01)
    assert covariance(blur_kernel("gaussian", 21, 2.0, 1.0)) == pytest.approx([4, 1, 0], abs=0.01)
    turned = covariance(blur_kernel("gaussian", 21, 2.0, 1.0, np.pi / 4))
    assert turned == pytest.approx([2.5, 2.5, 1.5], abs=0.01)  # R diag(4, 1) Rᵀ at 45°


def test_the_other_shapes_are_what_their_equations_say():
    gaussian = blur_kernel("gaussian", 21, 1.5, 1.5)
    assert np.allclose(blur_kernel("generalized", 21, 1.5, 1.5, beta=1.0), gaussian)
    sharp, flat = (blur_kernel("generalized", 21, 1.5, 1.5, beta=beta) for beta in (0.5, 4.0))
    # exp(−(r/σ)^2β / 2) in ratio to the centre, two pixels away
    for kernel, beta in ((sharp, 0.5), (flat, 4.0)):
        assert kernel[10, 12] / kernel[10, 10] == pytest.approx(
            np.exp(-((2 / 1.5) ** (2 * beta)) / 2))
    plateau = blur_kernel("plateau", 21, 3.0, 3.0, beta=2.0)
    assert plateau[10, 13] / plateau[10, 10] == pytest.approx(1 / 2)  # q = 1 at one sigma
    assert plateau[10, 16] / plateau[10, 10] == pytest.approx(1 / 17)  # q = 4 at two


@pytest.mark.parametrize("cutoff", [np.pi / 3, np.pi / 2, 0.8 * np.pi])
def test_the_sinc_filter_cuts_off_where_it_says(cutoff):
    size, grid = 101, 512  # a long kernel comes close to the ideal
    response = np.abs(np.fft.fft2(sinc_kernel(size, cutoff), (grid, grid)))
    frequency = 2 * np.pi * np.fft.fftfreq(grid)
    radius = np.hypot(*np.meshgrid(frequency, frequency))
    assert response[radius < 0.85 * cutoff].min() > 0.9
    assert response[(radius > 1.15 * cutoff) & (radius < np.pi)].max() < 0.1
    passed = response[0, : grid // 2]
    half = 2 * np.pi / grid * int(np.argmax(passed < 0.5))
    assert half == pytest.approx(cutoff, rel=0.03)


def test_a_small_sinc_kernel_lets_less_through_the_lower_its_cutoff():
    wave = np.exp(-1.9j * np.arange(21))  # 1.9 radians per pixel
    passed = [abs(sinc_kernel(21, cutoff).sum(0) @ wave) for cutoff in (2.4, 1.9, 1.4)]
    assert passed[0] > 0.9 > 0.7 > passed[1] > 0.3 > 0.15 > passed[2]
    assert all(sinc_kernel(size, 1.5).sum() == pytest.approx(1) for size in range(7, 22, 2))


def test_the_bessel_function_is_j1():
    x = torch.linspace(0.1, 30, 50, dtype=torch.float64)
    angle = torch.linspace(0, np.pi, 4001, dtype=torch.float64)
    inside = torch.cos(angle[None] - x[:, None] * torch.sin(angle[None]))  # J1's integral
    assert torch.allclose(torch.special.bessel_j1(x), torch.trapezoid(inside, angle) / np.pi,
                          atol=1e-6)


@pytest.mark.parametrize("make", [lambda: blur_kernel("gaussian", 8, 1, 1),
                                  lambda: blur_kernel("box", 7, 1, 1),
                                  lambda: sinc_kernel(10, 1.0)])
def test_a_kernel_that_cannot_be(make):
    with pytest.raises(ValueError):
        make()
