"""The stem's stage in small: its pairs, its loss, what it exports and who finds that."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from test_stages import moved_stem, requires_glyphs, trained

from mtu.data.enlargements import Enlargements
from mtu.data.playground import Playground
from mtu.stem import Stem
from mtu.training.loop import Trainer
from mtu.training.recipe import Recipe, RecipeError
from mtu.training.stem_stage import StemStage, find_stem

SMALL = {"channels": 8, "blocks": 1, "crop": 16, "pictures": 3, "leaves": 1.0}


def recipe(folder, **changes) -> Recipe:
    fields = {"stage": "stem", "steps": 4, "batch_size": 4, "run_dir": str(folder / "run"),
              "export_to": str(folder / "model"), "workers": 0, "precision": "no", "warmup": 1,
              "options": SMALL}
    return Recipe(**(fields | changes))


@pytest.mark.parametrize("leaves", [1.0, pytest.param(0.0, marks=requires_glyphs)])
def test_a_small_picture_stands_for_its_sharp_one(leaves):
    rows = Enlargements(3, crop=16, pictures=2, leaves=leaves)
    for row in (rows[k] for k in range(6)):
        assert row.small.shape == (16, 16, 3)
        assert row.sharp.shape == (16 * row.scale, 16 * row.scale, 3)
        again = Image.fromarray(row.sharp).resize((16, 16), Image.Resampling.BOX)
        assert abs(np.asarray(again, float) - row.small).mean() < 20
    again = Enlargements(3, crop=16, pictures=2, leaves=leaves)[5]
    assert (again.small == row.small).all() and (again.sharp == row.sharp).all()


def test_the_stage_learns(tmp_path):
    chosen = recipe(tmp_path, steps=60, rate=3e-3)
    stage = StemStage(chosen)
    data, trainer = stage.dataset(), Trainer(stage, chosen, resume=False, quiet=True)
    batch = stage.collate([data[k] for k in range(6)])
    losses = [trainer.train_step(batch) for _ in range(50)]
    assert losses[-1]["pixels"] < losses[0]["pixels"] - 0.1  # about half a decibel
    assert losses[-1]["energy"] < losses[0]["energy"]


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path):
    whole = trained(recipe(tmp_path / "whole"))
    trained(recipe(tmp_path / "halves"), until=2)
    resumed = trained(recipe(tmp_path / "halves"), resume=True)
    for name, value in whole.stage.module.state_dict().items():
        assert torch.equal(value, resumed.stage.module.state_dict()[name]), name


def test_what_is_exported_is_a_stem(tmp_path):
    trained(recipe(tmp_path, steps=1, options=SMALL | {"export_dtype": "fp16"}))
    assert Stem.from_pretrained(tmp_path / "model").config.channels == 8
    weights = load_file(tmp_path / "model" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    assert "x2 energy" in (tmp_path / "run" / "figures.txt").read_text()


@requires_glyphs
def test_sources_are_the_enlargements_of_the_stem(tmp_path):
    stem = moved_stem(tmp_path)
    plain, ours = (Playground(["sr"], 1, stem=given)[0] for given in (None, stem))
    assert (plain.target == ours.target).all()
    assert (plain.source != ours.source).any()


def test_a_stem_is_found_where_training_starts_or_where_it_is_named(tmp_path):
    elsewhere = str(tmp_path / "elsewhere")
    bare, chosen = tmp_path / "bare", recipe(tmp_path, init_from=str(tmp_path))
    assert find_stem(chosen) is None
    with pytest.raises(RecipeError, match="no stem at .*elsewhere"):
        find_stem(recipe(tmp_path, init_from=str(tmp_path), options={"stem": elsewhere}))
    Stem(8, 1).save_pretrained(tmp_path / "stem")
    Stem(16, 1).save_pretrained(tmp_path / "other")
    bare.mkdir()
    for start, options, channels in (
            (tmp_path, {}, 8),
            (tmp_path, {"stem": str(tmp_path / "other")}, 16),
            (tmp_path, {"stem": elsewhere}, 8),  # none there: the start's own
            (bare, {"stem": elsewhere, "unfold": str(tmp_path)}, 8)):
        found = find_stem(recipe(tmp_path, init_from=str(start), options=options))
        assert found.config.channels == channels


def test_a_stem_does_not_remember_where_it_was_trained(tmp_path):
    torch.manual_seed(0)
    trained = Stem(channels=4, blocks=1)
    trained.save_pretrained(tmp_path / "trained")
    found = find_stem(Recipe(stage="multitask", steps=1, batch_size=4, run_dir=str(tmp_path),
                             options={"stem": str(tmp_path / "trained")}))
    found.save_pretrained(tmp_path / "part")
    assert str(tmp_path) not in (tmp_path / "part" / "config.json").read_text()
    for name, tensor in trained.state_dict().items():
        assert tensor.equal(found.state_dict()[name]), name
