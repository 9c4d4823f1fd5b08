"""Tasks whose sample is the change of the source."""

import pytest
import torch
from PIL import Image
from tiny_pipelines import picture, seeded, tiny_pipeline
from torch import nn

from mtu.residual import Residual

GAINS = {"edit": 1.0, "sr": 4.0, "inpaint": 2.0}


def silent(pipeline):
    """The same pipeline with a UNet that always predicts a sample of zeros."""
    nn.init.zeros_(pipeline.unet.conv_out.weight)
    nn.init.zeros_(pipeline.unet.conv_out.bias)
    return pipeline


def test_sample_and_picture_are_inverse():
    residual = Residual(torch.rand(2, 3, 4, 4), 4.0)
    pictures = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(residual.picture(residual.sample(pictures)), pictures)


def test_clipping_limits_the_picture_not_the_sample():
    residual = Residual(torch.full((1, 1, 1, 2), 0.5), 4.0)
    clipped = residual.clip(torch.tensor([[[[9.0, -1.0]]]]))
    torch.testing.assert_close(clipped, torch.tensor([[[[2.0, -1.0]]]]))


def test_no_change_gives_the_source_back():
    pipeline, source = silent(tiny_pipeline(residual=GAINS)), picture(32, 32)
    for task in ("edit", "inpaint"):
        assert pipeline(task, "make it red", source, generator=seeded(1)).images[0] == source


def test_no_change_enlarges_as_bicubic_does():
    pipeline, source = silent(tiny_pipeline(residual=GAINS)), picture(24, 20)
    result = pipeline("sr", "", source, scale=2, generator=seeded(1)).images[0]
    assert result == source.resize((48, 40), Image.Resampling.BICUBIC)


def test_the_setting_is_saved(tmp_path):
    pipeline, source = tiny_pipeline(residual=GAINS), picture(32, 32)
    pipeline.save_pretrained(tmp_path)
    again = type(pipeline).from_pretrained(tmp_path)
    first, second = (p("edit", "red", source, generator=seeded(2)).images[0]
                     for p in (pipeline, again))
    assert first == second
    plain = tiny_pipeline()("edit", "red", source, generator=seeded(2)).images[0]
    assert first != plain


@pytest.mark.parametrize("wrong", [{"t2i": 1.0}, {"paint": 1.0}, {"edit": 0.0}, {"sr": "big"}])
def test_a_gain_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="residual"):
        tiny_pipeline(residual=wrong)
