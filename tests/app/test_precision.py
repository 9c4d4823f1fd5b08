"""The precision that a model is loaded in."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_app import pipeline

from app.backend import Finished, _dtype, load
from app.settings import EMBEDDED_MODEL, ROUTER
from app.turns import Recipe

SOURCE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8))
REQUESTS = (Recipe("t2i", "night", 1, 2, None, False), Recipe("edit", "night", 1, 2, 1, False),
            Recipe("inpaint", "night", 1, 2, 1, False), Recipe("sr", "", 1, 2, 1, False))


@pytest.mark.parametrize(("wanted", "place", "patch", "found"), [
    ("auto", "cpu", 1, torch.float32), ("auto", "cuda", 1, torch.float16),
    ("auto", "cuda", 16, torch.float32), ("auto", "mps", 1, torch.float32),
    ("float32", "cuda", 1, torch.float32), ("bfloat16", "cpu", 16, torch.bfloat16),
    ("float16", "mps", 16, torch.float16),
])
def test_half_for_large_models_on_a_graphics_card(tmp_path, wanted, place, patch, found):
    (tmp_path / "model_index.json").write_text(f'{{"patch_size": {patch}}}')
    assert _dtype(torch, wanted, place, tmp_path) is found


def test_the_built_in_model_stays_whole_and_a_processor_takes_no_float16():
    assert _dtype(torch, "auto", "cuda", EMBEDDED_MODEL) is torch.float32
    with pytest.raises(ValueError, match="bfloat16"):
        _dtype(torch, "float16", "cpu", EMBEDDED_MODEL)


def test_every_task_runs_in_bfloat16(tmp_path):
    pipeline(2).save_pretrained(tmp_path)
    backend = load(str(tmp_path), "tiny", "cpu", ROUTER, dtype="bfloat16")
    try:
        unet = backend.engine._pipeline.unet
        assert unet.dtype == torch.bfloat16
        for recipe in REQUESTS:
            *_, last = backend.submit(recipe, SOURCE if recipe.source else None, None)
            assert isinstance(last, Finished), last
            assert len(np.unique(np.asarray(last.image))) > 2
    finally:
        backend.close()
