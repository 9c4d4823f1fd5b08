"""Pictures from elsewhere that a model does not know."""

import pytest
import torch.nn.functional as F
from PIL import Image
from tiny_pipelines import picture, tiny_pipeline
from torch import nn

from mtu import Done, Engine, Failed, Request
from mtu.familiar import BLUR, UNFAMILIAR, is_familiar, strangeness
from mtu.images import to_tensor

SOURCE = picture(32, 32)


def last(engine, **changes):
    *_, event = engine.submit(Request(**({"task": "edit", "prompt": "red"} | changes))).events()
    return event


def test_a_model_that_restores_nothing_finds_a_picture_as_strange_as_it_is_colourful():
    pipeline = tiny_pipeline()
    nn.init.zeros_(pipeline.unet.conv_out.weight)
    nn.init.zeros_(pipeline.unet.conv_out.bias)
    expected = F.avg_pool2d(to_tensor(SOURCE), BLUR).square().mean()
    assert strangeness(pipeline, SOURCE) == pytest.approx(float(expected), rel=1e-5)
    assert strangeness(pipeline, Image.new("RGB", (32, 32), (127, 128, 127))) < 1e-4


def test_the_same_picture_is_always_as_strange():
    pipeline = tiny_pipeline()
    assert strangeness(pipeline, SOURCE) == strangeness(pipeline, SOURCE)


def test_the_limit_decides_and_is_saved(tmp_path):
    value = strangeness(tiny_pipeline(), SOURCE)
    for limit, familiar in ((None, True), (value * 1.01, True), (value * 0.99, False)):
        tiny_pipeline(strangest=limit).save_pretrained(tmp_path)
        pipeline = type(tiny_pipeline()).from_pretrained(tmp_path)
        assert is_familiar(pipeline, SOURCE) is familiar


def test_only_edits_and_removals_of_foreign_pictures_are_left_alone():
    engine = Engine(tiny_pipeline(strangest=0.0))
    try:
        assert last(engine, image=SOURCE, foreign=True) == Failed(UNFAMILIAR)
        assert last(engine, task="inpaint", image=SOURCE, foreign=True) == Failed(UNFAMILIAR)
        assert isinstance(last(engine, image=SOURCE), Done)
        assert isinstance(last(engine, task="sr", image=SOURCE, foreign=True), Done)
        assert isinstance(last(engine, task="t2i", foreign=True), Done)
    finally:
        engine.close()
