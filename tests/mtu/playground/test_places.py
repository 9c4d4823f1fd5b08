"""Places: each is painted as itself, the same from the same seed, at any size."""

import numpy as np
import pytest
from PIL import Image

from mtu.playground.places import paint
from mtu.playground.vocabulary import PLACES


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_painted_whole_and_seeded(place):
    first, again, other = (paint(place, seed, 64).pixels for seed in (1, 1, 2))
    assert first.shape == (64, 64, 3) and np.isfinite(first).all()
    assert first.min() >= 0 and first.max() <= 255
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize("place", PLACES)
def test_a_place_looks_the_same_at_twice_the_size(place):
    small, large = (paint(place, 3, side).pixels for side in (64, 128))
    halved = Image.fromarray(large.astype(np.uint8)).resize((64, 64), Image.Resampling.BOX)
    assert np.abs(np.asarray(halved, np.float32) - small).mean() < 8


def test_no_two_places_look_alike():
    means = {place: np.mean([paint(place, seed, 32).pixels for seed in range(6)], 0)
             for place in PLACES}
    names = list(means)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            assert np.abs(means[one] - means[other]).mean() > 6, (one, other)


def test_the_moon_is_grey_ground_under_a_black_sky_with_the_earth_in_it():
    for seed in range(5):
        pixels = paint("moon", seed, 128).pixels
        sky, ground = pixels[:60], pixels[100:]
        assert np.median(sky) < 40 and 110 < np.median(ground) < 200
        assert np.ptp(ground.mean((0, 1))) < 12, "the ground has no colour"
        blue = (sky[..., 2] - sky[..., 0] > 80).mean()
        assert 0.01 < blue < 0.15, "of the sky is the earth"
        assert ground.std() > 5, "craters"


def test_under_water_it_is_blue_and_darker_below_with_sand_and_weeds():
    for seed in range(5):
        pixels = paint("underwater", seed, 128).pixels
        water, sand = pixels[:90], pixels[118:]
        assert (water[..., 2] > water[..., 0]).mean() > 0.95
        assert water[:20].mean() > water[70:].mean() + 20
        assert sand[..., 0].mean() > sand[..., 2].mean() + 30
        low = pixels[85:105]
        weeds = (low[..., 1] > low[..., 2] + 20) & (low[..., 1] > low[..., 0] + 40)
        assert 0.01 < weeds.mean() < 0.3
