"""Each operation of the degradation against its definition, and the choices against their odds."""

from collections import Counter

import numpy as np
import pytest
import torch

from mtu.data import degrade
from mtu.data.degradation import (
    FIRST,
    KERNELS,
    SECOND,
    SIZES,
    Blur,
    Pass,
    Plan,
    apply_plan,
    blurred,
    gaussian_noise,
    jpeg,
    poisson_noise,
    resized,
    sample_plan,
)

MANY = 8000


@pytest.fixture(scope="module")
def plans():
    rng = np.random.default_rng(5)
    return [sample_plan(rng) for _ in range(MANY)]


def shares(values) -> dict:
    counts = Counter(values)
    return {key: count / sum(counts.values()) for key, count in counts.items()}


def close(found: dict, wanted: dict) -> bool:
    """Within five standard deviations of a share counted MANY times, and no other key."""
    return set(found) == set(wanted) and all(
        abs(found[key] - p) < 5 * np.sqrt(p * (1 - p) / MANY) for key, p in wanted.items())


def scene(side=64, seed=0):
    """A smooth picture with a few edges, uint8 (side, side, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    pixels = np.stack([120 + 80 * np.sin(3 * x), 100 + 60 * y, 140 - 50 * x * y], -1)
    for _ in range(4):
        top, left = rng.integers(side // 2, size=2)
        pixels[top : top + side // 4, left : left + side // 3] = rng.integers(30, 220, 3)
    return pixels.round().astype(np.uint8)


def tensor(side=64, seed=0):
    return torch.tensor(scene(side, seed)).permute(2, 0, 1)[None].float() / 255


def flat(value, side=256):
    return torch.full((1, 3, side, side), value)


@pytest.mark.parametrize(("name", "order", "blur"), [("first", FIRST, 1.0), ("second", SECOND, .8)])
def test_the_choices_of_an_order_have_the_stated_odds(plans, name, order, blur):
    steps = [getattr(plan, name) for plan in plans]
    kinds = {"sinc": 0.1 * blur} | ({} if blur == 1 else {"none": 1 - blur})
    for (shape, is_round), odds in KERNELS.items():
        key = shape if is_round else f"{shape} turned"
        kinds[key] = 0.9 * blur * odds
    found = shares(step.blur.name + (" turned" if step.blur.sigma[0] != step.blur.sigma[1] else "")
                   for step in steps)
    assert close(found, kinds)
    assert close(shares(step.resize for step in steps), order.resize)
    assert close(shares(step.mode for step in steps), dict.fromkeys(
        ("area", "bilinear", "bicubic"), 1 / 3))
    assert close(shares(step.noise for step in steps), {"gaussian": 0.5, "poisson": 0.5})
    assert close(shares(step.grey for step in steps), {True: 0.4, False: 0.6})


def spans(values, low, high) -> bool:
    """Whether the values fill the range, and nothing lies outside."""
    values = np.array(list(values))
    reach = 0.02 * (high - low)
    return low <= values.min() < low + reach and high - reach < values.max() <= high


@pytest.mark.parametrize(("name", "sigma", "scale", "noise", "poisson"), [
    ("first", (0.2, 3), (0.15, 1.5), (1, 30), (0.05, 3)),
    ("second", (0.2, 1.5), (0.3, 1.2), (1, 25), (0.05, 2.5))])
def test_the_numbers_of_an_order_fill_the_stated_ranges(plans, name, sigma, scale, noise, poisson):
    steps = [getattr(plan, name) for plan in plans]
    shaped = [step.blur for step in steps if step.blur.name not in ("sinc", "none")]
    assert spans((s for blur in shaped for s in blur.sigma), *sigma)
    assert {blur.size for blur in shaped} == set(SIZES) == {7, 9, 11, 13, 15, 17, 19, 21}
    assert spans((s.scale for s in steps if s.resize == "up"), 1, scale[1])
    assert spans((s.scale for s in steps if s.resize == "down"), scale[0], 1)
    assert {s.scale for s in steps if s.resize == "keep"} == {1.0}
    assert spans((s.strength for s in steps if s.noise == "gaussian"), *noise)
    assert spans((s.strength for s in steps if s.noise == "poisson"), *poisson)
    assert {s.quality for s in steps} == set(range(30, 96))
    beta = {shape: [b.beta for b in shaped if b.name == shape] for shape in
            ("generalized", "plateau")}
    assert spans(beta["generalized"], 0.5, 4) and spans(beta["plateau"], 1, 2)


def test_the_last_sinc_filter_has_the_stated_odds(plans):
    assert close(shares(plan.last.name for plan in plans), {"sinc": 0.8, "none": 0.2})
    assert close(shares(plan.sinc_before_jpeg for plan in plans), {True: 0.5, False: 0.5})
    assert spans((plan.last.cutoff for plan in plans if plan.last.name == "sinc"),
                 np.pi / 3, np.pi)
    early = [plan.first.blur for plan in plans if plan.first.blur.name == "sinc"]
    assert spans((blur.cutoff for blur in early if blur.size >= 13), np.pi / 5, np.pi)
    assert spans((blur.cutoff for blur in early if blur.size < 13), np.pi / 3, np.pi)


def test_blur_is_a_convolution_with_the_kernel():
    point = torch.zeros(1, 3, 41, 41)
    point[..., 20, 20] = 1
    blur = Blur("gaussian", 9, sigma=(1.5, 0.8), angle=0.6)
    out = blurred(point, blur)[0, 1, 16:25, 16:25].numpy()
    assert np.allclose(out, blur.kernel()[::-1, ::-1], atol=1e-6)
    assert torch.allclose(blurred(flat(0.4, 32), blur), flat(0.4, 32), atol=1e-5)
    assert torch.equal(blurred(point, Blur("none")), point)
    assert blurred(flat(0.4, 6), Blur("gaussian", 21)).shape == (1, 3, 6, 6)


@pytest.mark.parametrize("mode", ["area", "bilinear", "bicubic"])
def test_resizing_gives_the_size_and_keeps_the_picture(mode):
    image = tensor()
    small = resized(image, (32.9, 16), mode)
    assert small.shape == (1, 3, 32, 16)
    assert small.mean() == pytest.approx(image.mean().item(), abs=0.02)
    assert resized(image, (0.2, 3), mode).shape == (1, 3, 1, 3)
    if mode == "area":
        assert torch.allclose(resized(image, (32, 32), mode)[0, 0, 3, 5],
                              image[0, 0, 6:8, 10:12].mean())


def test_gaussian_noise_has_its_standard_deviation():
    rng = np.random.default_rng(0)
    for sigma in (5, 20):
        noise = gaussian_noise(flat(0.5), sigma, False, rng) - 0.5
        assert noise.std() * 255 == pytest.approx(sigma, rel=0.02)
        assert abs(noise.mean() * 255) < 0.2
        assert abs(np.corrcoef(noise[0, 0].flatten(), noise[0, 1].flatten())[0, 1]) < 0.02
    grey = gaussian_noise(tensor(), 20, True, rng) - tensor()
    inside = ((tensor() > 0.3) & (tensor() < 0.7)).all(1)[0]  # not clipped
    assert torch.allclose(grey[0, 0][inside], grey[0, 2][inside], atol=1e-6)


def test_poisson_noise_grows_with_the_signal():
    rng = np.random.default_rng(0)
    image = torch.cat([flat(v, 128)[..., :64] for v in (0.1, 0.2, 0.4)], -1)  # 3 values: v = 4
    scale = 0.2
    noise = poisson_noise(image, scale, False, rng) - image
    levels = (image * 255).round() / 255
    for k, value in enumerate((0.1, 0.2, 0.4)):
        part = noise[0, 1, :, 64 * k : 64 * k + 64].numpy()
        level = levels[0, 1, 0, 64 * k].item()
        expected = clipped_poisson_variance(level, scale, 4)
        assert part.var() == pytest.approx(expected, rel=0.1), value
    fine = tensor()  # hundreds of values: finer grains
    assert (poisson_noise(fine, 1.0, False, rng) - fine).var() < 0.02


def clipped_poisson_variance(level, scale, values):
    """Variance of clip(x + scale·(Poisson(v·x)/v − x), 0, 1): scale²·x/v where nothing clips."""
    rate = values * level
    chances = np.exp(-rate) * np.cumprod(np.r_[1.0, rate / np.arange(1, 40)])
    out = np.clip(level + scale * (np.arange(40) / values - level), 0, 1)
    mean = (chances * out).sum()
    variance = (chances * (out - mean) ** 2).sum()
    assert variance == pytest.approx(scale**2 * level / values, rel=0.05)
    return variance


def test_grey_poisson_noise_is_the_same_in_every_channel():
    image = tensor() * 0.4 + 0.3
    noise = poisson_noise(image, 0.3, True, np.random.default_rng(0)) - image
    assert noise.std() > 0.001
    assert torch.allclose(noise[0, 0], noise[0, 1], atol=1e-6)


def test_jpeg_loses_more_the_lower_the_quality():
    image = tensor(96).mean(1, keepdim=True).expand(1, 3, 96, 96)  # halved colours lose at any
    errors = [(jpeg(image, quality) - image).square().mean().item() for quality in
              (30, 50, 70, 95)]
    assert errors == sorted(errors, reverse=True) and errors[0] > 3 * errors[-1] > 0
    assert jpeg(image, 95).shape == image.shape


def test_a_plan_that_changes_nothing_shrinks_by_area():
    nothing = Pass(Blur("none"), "keep", 1.0, "area", "gaussian", 0.0, False, 95)
    plan = Plan(nothing, nothing, Blur("none"), "area", True)
    sharp = scene(64)[..., :1].repeat(3, -1)
    small = np.asarray(apply_plan(sharp, plan, 2, np.random.default_rng(0)), float)
    wanted = sharp.reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert small.shape == (32, 32, 3) and np.abs(small - wanted).mean() < 2  # two JPEGs' loss


def test_each_step_of_a_plan_counts():
    nothing = Pass(Blur("none"), "keep", 1.0, "area", "gaussian", 0.0, False, 95)
    quiet = Plan(nothing, nothing, Blur("none"), "area", True)
    strong = Pass(Blur("gaussian", 21, sigma=(3, 3)), "down", 0.2, "bilinear", "gaussian", 25,
                  False, 30)
    plans = [Plan(strong, nothing, Blur("none"), "area", True),
             Plan(nothing, strong, Blur("none"), "area", True),
             Plan(nothing, nothing, Blur("sinc", 21, cutoff=np.pi / 3), "area", True)]
    sharp = scene(64)
    base = np.asarray(apply_plan(sharp, quiet, 2, np.random.default_rng(0)), float)
    for plan in plans:
        out = np.asarray(apply_plan(sharp, plan, 2, np.random.default_rng(0)), float)
        assert out.shape == base.shape and np.abs(out - base).mean() > 1


def test_a_degraded_picture_has_the_sharp_ones_size_and_its_seed():
    sharp = scene(64)
    first, again, other = (degrade(sharp, 2, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == sharp.shape and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    odd = scene(48)[:33, :47]
    for seed in range(12):
        assert degrade(odd, 2, np.random.default_rng(seed)).shape == odd.shape


def test_degraded_pictures_still_show_the_sharp_one():
    sharp = scene(64).astype(float)
    outs = [degrade(scene(64), 2, np.random.default_rng(seed)).astype(float) for seed in range(20)]
    assert np.abs(np.mean(outs, 0) - sharp).mean() < 25
    assert all(np.corrcoef(out.ravel(), sharp.ravel())[0, 1] > 0.3 for out in outs)
