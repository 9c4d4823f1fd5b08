"""The sharpener's stage in small: its pairs, its loss of pixels, what it begins from and leaves."""

import numpy as np
import pytest
import torch
from finetuning import requires_glyphs
from test_stages import moved_stem, trained
from tiny_pipelines import tiny_pipeline

from mtu import MTUPipeline
from mtu.deblocker import Deblocker
from mtu.training.enlarged_pairs import enlarge_pairs
from mtu.training.mender_stage import UNSEEN
from mtu.training.pairs import ROWS
from mtu.training.recipe import Recipe, RecipeError
from mtu.training.sharpener_stage import SharpenerStage

SMALL = {"widths": [8, 8, 8], "depths": [1, 1, 1], "crop": 32, "pictures": ROWS * (UNSEEN + 1)}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Files of pairs as if enlarged: edges, and the same but soft."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(1)
    for number in range(UNSEEN + 1):
        truth = np.where(np.arange(64)[:, None] > rng.integers(8, 56, (ROWS, 1, 1, 1)), 200, 60)
        truth = np.broadcast_to(truth, (ROWS, 64, 64, 3)).astype(np.uint8)
        made = sum(np.roll(truth.astype(int), shift, 1) for shift in (-1, 0, 1)) // 3
        np.savez(folder / f"{number:05d}.npz", made=made.astype(np.uint8), truth=truth)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with a model that has a stem and a deblocker."""
    folder = tmp_path_factory.mktemp("model")
    deblocker = Deblocker((8, 8, 8), (1, 1, 1), 4)
    with torch.no_grad():
        deblocker.conv_out.weight.normal_(0, 0.01)
        deblocker.place.normal_()
    tiny_pipeline(stem=moved_stem(folder / "stem"), deblocker=deblocker).save_pretrained(folder)
    return folder


def recipe(folder, model, pairs, **changes) -> Recipe:
    options = SMALL | {"pairs": str(pairs)} | changes.pop("options", {})
    fields = {"stage": "sharpener", "steps": 3, "batch_size": 4, "run_dir": str(folder / "run"),
              "export_to": str(folder / "model"), "workers": 0, "precision": "no", "warmup": 1,
              "init_from": str(model), "options": options}
    return Recipe(**(fields | changes))


def test_it_begins_from_the_deblocker_without_its_patches_or_afresh(tmp_path, model, pairs):
    known = MTUPipeline.from_pretrained(model).deblocker.state_dict()
    begun = SharpenerStage(recipe(tmp_path, model, pairs)).module.state_dict()
    for name, value in begun.items():
        expected = known[name].mean((2, 3), keepdim=True) if name == "place" else known[name]
        torch.testing.assert_close(value, expected)
    afresh = SharpenerStage(recipe(tmp_path, model, pairs, options={"afresh": True})).module
    assert afresh.conv_out.weight.abs().max() == 0 and afresh.place.shape[-2:] == (1, 1)
    wider = recipe(tmp_path, model, pairs, options={"widths": [8, 8, 16]})
    with pytest.raises(RecipeError, match="other widths or depths"):
        SharpenerStage(wider)


def test_it_needs_a_stem(tmp_path, pairs):
    tiny_pipeline().save_pretrained(tmp_path / "bare")
    with pytest.raises(RecipeError, match="a model with a stem"):
        SharpenerStage(recipe(tmp_path, tmp_path / "bare", pairs))


def test_pixels_count_as_their_logarithm_and_by_their_weight(tmp_path, model, pairs):
    truth = torch.zeros(2, 3, 32, 32)
    options = {"afresh": True}  # leaves what it is given as it is
    for weight in (0.0, 0.1, 0.2):
        stage = SharpenerStage(
            recipe(tmp_path, model, pairs, options=options | {"pixels": weight}))
        with torch.no_grad():
            near, far = (stage.losses((truth + error, truth), None) for error in (0.1, 0.2))
        if not weight:
            assert "pixels" not in near
        else:
            assert float(far["pixels"] - near["pixels"]) == pytest.approx(
                weight * np.log(4), abs=1e-3)


def test_what_is_left_is_a_whole_model_that_sharpens_and_is_gone_on_from(tmp_path, model, pairs):
    options = {"packed": True, "steepness": {2: [2, 0.5]}}
    trained(recipe(tmp_path, model, pairs, options=options))
    pipe = MTUPipeline.from_pretrained(tmp_path / "model")
    assert pipe.deblocker is not None and pipe.sharpener.config.packed
    assert dict(pipe.sharpener.config.steepness) == {"2": [2, 0.5]}
    assert "mended energy" in (tmp_path / "run" / "figures.txt").read_text()
    again = SharpenerStage(recipe(tmp_path, tmp_path / "model", pairs)).module
    assert torch.equal(again.conv_in.weight, pipe.sharpener.conv_in.weight)


@requires_glyphs
def test_pairs_are_what_the_stem_makes_of_small_pictures(tmp_path):
    stem = moved_stem(tmp_path / "stem").eval()
    files = enlarge_pairs(stem, tmp_path / "pairs", ROWS + 1, seed=3, side=64)
    assert [file.name for file in files] == ["00000.npz", "00001.npz"]
    first, second = (dict(np.load(file)) for file in files)
    assert first["made"].shape == first["truth"].shape == (ROWS, 64, 64, 3)
    assert len({truth.tobytes() for truth in (*first["truth"], *second["truth"])}) == 2 * ROWS
    error = abs(first["made"].astype(int) - first["truth"]).mean((1, 2, 3))
    assert (error > 0).all() and np.median(error) < 30  # the same picture, worse
    files[0].unlink()
    again = np.load(enlarge_pairs(stem, tmp_path / "pairs", ROWS, seed=3, side=64)[0])
    assert all((again[name] == first[name]).all() for name in first)
