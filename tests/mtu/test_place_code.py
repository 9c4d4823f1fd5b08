"""The pattern that tells a UNet of pixels where each patch is: exact, faint, and only read."""

import pytest
import torch
from tiny_pipelines import picture, seeded, tiny_latent_pipeline, tiny_pipeline

from mtu.familiar import strangeness
from mtu.pipeline import MTUPipeline
from mtu.space import PixelSpace, place_code


def test_every_patch_has_a_code_of_its_own_that_no_plain_patch_has():
    code = place_code(768, 16, 16)[0].flatten(1)  # (768, 256)
    distances = torch.cdist(code.T, code.T) + 1e9 * torch.eye(256)
    assert distances.min() > 1.0
    colours = code.view(3, 256, 256).mean(1)  # of the pixels of each patch
    assert colours.abs().max() < 1e-5
    powers = torch.linalg.svdvals(code)
    torch.testing.assert_close(powers[:8], powers[:1].expand(8))  # eight patterns at right angles
    assert powers[8] < 1e-3


def test_left_is_told_from_right_and_above_from_below_at_any_size():
    for height, width in ((16, 16), (8, 20)):
        code = place_code(768, height, width)[0]
        for axis in (1, 2):
            assert (code - code.flip(axis)).abs().amax(0).min() > 0.1


def test_what_is_read_is_the_sample_and_the_code():
    sample = torch.randn(2, 768, 16, 16, generator=seeded(0))
    assert PixelSpace(16).placed(sample) is sample
    read = PixelSpace(16, 0.1).placed(sample)
    torch.testing.assert_close(read - sample, 0.1 * place_code(768, 16, 16).expand_as(sample))


@pytest.mark.parametrize("task", ["t2i", "edit"])
def test_a_pipeline_that_has_it_draws_otherwise_and_keeps_it(task, tmp_path):
    def drawn(pipeline) -> bytes:
        image = None if task == "t2i" else picture(32, 32)
        return pipeline(task, "a cat", image, generator=seeded(1)).images[0].tobytes()

    without, coded = tiny_pipeline(), tiny_pipeline(place_code=0.5)
    assert drawn(coded) != drawn(without)
    coded.save_pretrained(tmp_path)
    again = MTUPipeline.from_pretrained(tmp_path)
    assert again.space.place_code == 0.5
    assert drawn(again) == drawn(coded)


def test_strangeness_is_judged_by_a_unet_that_reads_the_code():
    without, coded = tiny_pipeline(), tiny_pipeline(place_code=0.5)
    assert strangeness(coded, picture(32, 32)) != strangeness(without, picture(32, 32))


def test_latents_have_no_place_code():
    with pytest.raises(ValueError, match="place_code are for pixel space"):
        MTUPipeline(**tiny_latent_pipeline().components, place_code=0.1)
