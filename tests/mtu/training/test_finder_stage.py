"""The finder's stage in small: it learns, resumes exactly, and exports what a pipeline takes."""

import pytest
import torch
from safetensors.torch import load_file
from test_stages import requires_glyphs, text_model, trained  # noqa: F401

from mtu.finder import Finder
from mtu.train import build_stage
from mtu.training.loop import Trainer
from mtu.training.recipe import Recipe, RecipeError

SMALL = {"widths": [8, 16, 32], "depths": [1, 1, 1], "layers": 1, "requests": 2, "unseen": 8}


def recipe(text_model, folder, **changes) -> Recipe:  # noqa: F811
    fields = {"stage": "finder", "steps": 4, "batch_size": 3, "run_dir": str(folder / "run"),
              "init_from": str(text_model), "export_to": str(folder / "model"), "workers": 0,
              "precision": "no", "warmup": 1, "options": SMALL}
    return Recipe(**(fields | changes))


@requires_glyphs
def test_the_stage_learns_where_and_what(text_model, tmp_path):  # noqa: F811
    chosen = recipe(text_model, tmp_path, steps=40, rate=4e-3)
    stage = build_stage(chosen)
    data, trainer = stage.dataset(), Trainer(stage, chosen, resume=False, quiet=True)
    batch = stage.collate([data[k] for k in range(4)])
    assert batch["cells"].shape == (8, 1, 16, 16) and len(batch["ids"]) == 8
    losses = [trainer.train_step(batch) for _ in range(25)]
    for name in ("find", "cells"):
        assert losses[-1][name] < 0.7 * losses[0][name], name


@requires_glyphs
def test_interrupted_and_resumed_equals_uninterrupted(text_model, tmp_path):  # noqa: F811
    whole = trained(recipe(text_model, tmp_path / "whole"))
    trained(recipe(text_model, tmp_path / "halves"), until=2)
    resumed = trained(recipe(text_model, tmp_path / "halves"), resume=True)
    for name, value in whole.stage.module.state_dict().items():
        assert torch.equal(value, resumed.stage.module.state_dict()[name]), name


@requires_glyphs
def test_what_is_exported_is_a_finder_that_training_goes_on_from(text_model, tmp_path):  # noqa: F811
    stage = trained(recipe(text_model, tmp_path)).stage
    exported = Finder.from_pretrained(tmp_path / "model")
    weights = load_file(tmp_path / "model" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    assert list(exported.config.widths) == [8, 16, 32]
    assert "found" in (tmp_path / "run" / "figures.txt").read_text()
    start = tmp_path / "start"
    start.mkdir()
    for part in ("text_encoder", "tokenizer"):
        (start / part).symlink_to(text_model / part)
    exported.save_pretrained(start / "finder")
    again, afresh = (build_stage(recipe(start, tmp_path / "again", options=SMALL | more))
                     for more in ({}, {"afresh": True}))
    for name, tensor in again.module.finder.state_dict().items():
        assert torch.equal(tensor, exported.state_dict()[name].float()), name
    assert not torch.equal(afresh.module.finder.conv_out.weight,
                           again.module.finder.conv_out.weight)
    assert stage.module.label_head is not None and not hasattr(exported, "label_head")


def test_it_needs_a_text_encoder(tmp_path):
    with pytest.raises(RecipeError, match="a folder with a text encoder"):
        build_stage(recipe(tmp_path, tmp_path))
