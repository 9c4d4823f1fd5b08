
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter

from mtu.compose import composite, find_change


def scene(side: int, ball: bool = True) -> Image.Image:
    """A beach with a post and maybe a ball, at any size; fine stripes only a large one can hold."""
    y, x = np.mgrid[0:side, 0:side] / side
    values = np.stack([0.4 + 0.4 * y, 0.6 + 0.2 * x, 0.9 - 0.5 * y], -1)
    values[y > 0.7] = (0.8, 0.7, 0.4)
    values += 0.02 * np.sin(x * 500)[..., None] if side > 500 else 0.0
    image = Image.fromarray((values * 255).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0.1 * side, 0.4 * side, 0.2 * side, 0.8 * side], fill=(60, 120, 40))
    if ball:
        draw.ellipse([0.5 * side, 0.5 * side, 0.8 * side, 0.8 * side], fill=(220, 40, 30))
        draw.ellipse([0.58 * side, 0.55 * side, 0.64 * side, 0.6 * side], fill=(255, 200, 200))
    return image


def values(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.float64)


def psnr(image, other) -> float:
    return 10 * np.log10(255**2 / np.mean((values(image) - values(other)) ** 2))


def touched(image, source) -> np.ndarray:
    """(H, W), True where any byte differs."""
    return (np.asarray(image) != np.asarray(source)).any(-1)


def wobbly(image: Image.Image) -> Image.Image:
    """As a lossy model returns it: blurred and noisy, about 25 dB from what it should be."""
    blurred = values(image.filter(ImageFilter.GaussianBlur(1)))
    noise = np.random.default_rng(0).normal(0, 13, blurred.shape)
    return Image.fromarray((blurred + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("side", [256, 700])
def test_a_removal_leaves_everything_else_byte_for_byte(side):
    source = scene(side)
    result = composite(source, wobbly(scene(256, ball=False)))
    changed = touched(result, source)
    y, x = np.mgrid[0:side, 0:side] / side
    near_ball = np.hypot(x - 0.65, y - 0.65) < 0.15 + 0.07
    assert changed[np.hypot(x - 0.65, y - 0.65) < 0.14].mean() > 0.99
    assert not changed[~near_ball].any()


def test_a_removed_thing_leaves_no_ghost_on_a_large_source():
    """Its edges are finer than the model's picture: source + change alone would keep them."""
    result = composite(scene(1000), scene(256, ball=False))
    clean = scene(1000, ball=False)
    y, x = np.mgrid[0:1000, 0:1000] / 1000
    rim = np.abs(np.hypot(x - 0.65, y - 0.65) - 0.15) < 0.01
    sky = rim & (y < 0.68)
    assert np.abs(values(result) - values(clean))[sky].mean() < 6
    assert np.abs(values(result) - values(clean))[sky].max() < 40


def test_a_lossy_model_that_changed_nothing_changes_nothing():
    source = scene(256)
    assert psnr(source, wobbly(source)) < 26
    assert composite(source, wobbly(source)).tobytes() == source.tobytes()


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_blur_is_not_a_change(radius):
    source = scene(256)
    blurred = source.filter(ImageFilter.GaussianBlur(radius))
    assert composite(source, blurred).tobytes() == source.tobytes()


def test_night_covers_everything_and_keeps_the_fine_detail():
    source, tint = scene(1000), np.array([0.35, 0.35, 0.55])
    small = source.resize((256, 256), Image.Resampling.BICUBIC)
    night = Image.fromarray((values(small) * tint).astype(np.uint8))
    result = composite(source, night)
    exact = values(source) * tint
    enlarged = night.resize(source.size, Image.Resampling.BICUBIC)
    assert touched(result, source).mean() > 0.99
    assert psnr(result, exact) > psnr(enlarged, exact) + 5


def test_at_the_models_own_size_a_whole_change_is_the_prediction():
    source = scene(256)
    sepia = Image.fromarray((values(source) * [0.4, 0.3, 0.2]).astype(np.uint8))
    assert composite(source, sepia).tobytes() == sepia.tobytes()


@pytest.mark.parametrize("size", [(256, 256), (301, 517)])
def test_a_given_mask_is_never_left(size):
    source = scene(256).resize(size)
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse([60, 50, 200, 190], fill=255)
    result = composite(source, Image.new("RGB", (256, 256), (255, 0, 255)), mask)
    changed, inside = touched(result, source), np.asarray(mask) > 0
    assert not changed[~inside].any()
    assert changed[inside].mean() > 0.9
    assert result.getpixel((130, 120)) == (255, 0, 255)


@pytest.mark.parametrize(("side", "width"), [(256, 3), (900, 1)])
def test_a_thin_stroke_of_a_mask_is_not_lost(side, width):
    source = scene(side)
    mask = Image.new("L", source.size)
    ImageDraw.Draw(mask).line([20, 30, 230, 30], fill=255, width=width)
    result = composite(source, Image.new("RGB", (256, 256), (255, 0, 255)), mask)
    assert touched(result, source)[np.asarray(mask) > 0].all()


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3)])
def test_odd_sizes(size):
    source = scene(256).resize(size)
    prediction = Image.new("RGB", (64, 64), (255, 0, 255))
    assert composite(source, prediction).size == size
    assert composite(source, prediction, Image.new("L", size, 255)).size == size



def test_a_removal_stays_local_when_the_model_redraws_everything():
    source = scene(256)
    redrawn = Image.fromarray((values(scene(256, ball=False)) * 0.75).astype(np.uint8))
    whole, part = composite(source, redrawn), composite(source, redrawn, local=True)
    changed = (values(part) != values(source)).any(-1)
    assert (values(whole) != values(source)).any(-1).mean() > 0.9
    assert changed.mean() < 0.4
    assert changed[150:185, 150:185].mean() > 0.9  # the ball itself


def test_a_change_is_found_with_its_faint_parts_across_small_gaps():
    before = torch.full((1, 3, 256, 256), 0.5)
    after = before.clone()
    after[..., 100:130, 100:130] += 0.4
    after[..., 100:130, 134:150] += 0.055  # beyond a gap
    after[..., 200:230, 200:230] += 0.055  # as faint, and far from all
    found = find_change(before, after)[0, 0]
    assert found[115, 115] == 1 and found[115, 149] == 1
    assert found[215, 215] == 0
