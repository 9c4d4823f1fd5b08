import numpy as np
import pytest
import torch
from PIL import Image
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import MTUUNet2DConditionModel
from mtu.images import to_tensor
from mtu.tiling import OVERLAP, Canvas, follow_colours, starts


class Echo(MTUUNet2DConditionModel):
    """An upscaler that is sure the picture it is given is already the answer."""

    def forward(self, sample, timestep, encoder_hidden_states, *, task, condition, **kwargs):
        return (condition[:, : sample.shape[1]],)


def difference(image, other) -> int:
    return np.abs(np.asarray(image).astype(int) - np.asarray(other).astype(int)).max()


@pytest.mark.parametrize("length", [256, 257, 300, 480, 481, 1000, 4096])
def test_tiles_cover_everything_and_overlap(length):
    length = -(-length // 16) * 16
    places = starts(length, 256, 256 - OVERLAP)
    assert places[0] == 0
    assert places[-1] + 256 == length
    assert all(OVERLAP <= 256 - (b - a) < 256 for a, b in zip(places, places[1:], strict=False))


@pytest.mark.parametrize(("size", "scale"), [((40, 30), 2), ((21, 57), 4), ((5, 5), 2)])
def test_an_upscaler_that_adds_nothing_leaves_no_seams(size, scale):
    pipeline = tiny_pipeline()
    pipeline.unet.__class__ = Echo
    source = picture(*size)
    result = pipeline("sr", image=source, scale=scale, generator=seeded(0)).images[0]
    target = (size[0] * scale, size[1] * scale)
    assert result.size == target
    assert difference(result, source.resize(target, Image.Resampling.BICUBIC)) <= 1


def test_overlapping_tiles_start_from_the_same_noise():
    canvas = Canvas(picture(100, 60), tile=32, step=4)
    field = torch.randn(1, 48, *canvas.sample_size())
    (x0, y0), (x1, y1) = canvas.tiles[:2]
    first, second = canvas.cut_samples(field, canvas.tiles[:2])
    shared = (x0 + 32 - x1) // 4
    assert shared > 0
    assert y0 == y1
    assert torch.equal(first[:, :, -shared:], second[:, :, :shared])


def test_every_pixel_is_a_weighted_mean_of_tiles():
    image = picture(75, 41)
    canvas = Canvas(image, tile=32, step=4)
    for tile in canvas.tiles:
        canvas.add(canvas.cut_condition([tile]), [tile])
    assert difference(canvas.finish(), image) == 0


def test_a_tile_that_drifts_in_tone_is_brought_back():
    reference = to_tensor(picture(128, 96))
    drifted = reference.clone()
    drifted[..., 64:] += 0.3
    drifted[..., ::2] += 0.02  # fine detail is the upscaler's own
    assert (follow_colours(drifted, reference) - reference)[..., 80:].abs().mean() < 0.05
    fine = follow_colours(drifted, reference).diff(dim=-1)[..., 100:120]
    assert torch.allclose(fine, drifted.diff(dim=-1)[..., 100:120], atol=0.02)


def test_the_preview_is_small_and_fills_in():
    canvas = Canvas(picture(1500, 700), tile=256, step=16)
    before = np.asarray(canvas.preview(torch.empty(0, 3, 256, 256), []))
    after = np.asarray(canvas.preview(torch.ones(1, 3, 256, 256), canvas.tiles[:1]))
    assert max(after.shape) <= 512
    assert (after[:80, :80] == 255).all()
    assert (after[100:] == before[100:]).all()
