"""The deblocker's stage in small: its pairs, its loss, what it exports."""

import numpy as np
import pytest
import torch
from finetuning import requires_glyphs
from test_stages import trained

from mtu import MTUPipeline
from mtu.data.pairs import Pairs
from mtu.training.deblocker_stage import DeblockerStage
from mtu.training.drawn_pairs import draw_pairs
from mtu.training.loop import Trainer
from mtu.training.mender_stage import UNSEEN
from mtu.training.pairs import ROWS
from mtu.training.recipe import Recipe, RecipeError

SMALL = {"widths": [8, 8, 8], "depths": [1, 1, 1], "crop": 32, "pictures": ROWS * (UNSEEN + 2)}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Files of pairs as if drawn: ramps, and the same with the borders of patches and grain."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(1)
    grid = (np.indices((64, 64)) % 16 == 0).any(0)[..., None].astype(np.uint8)
    for number in range(UNSEEN + 2):
        truth = rng.integers(60, 190, (ROWS, 1, 1, 3)) + np.arange(64)[:, None] // 2
        truth = np.broadcast_to(truth, (ROWS, 64, 64, 3)).astype(np.uint8)
        grain = rng.integers(0, 4, truth.shape).astype(np.uint8)
        np.savez(folder / f"{number:05d}.npz", made=truth + grain + 3 * grid, truth=truth)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder that has all that the stage asks of a model whose pairs are drawn already."""
    from tiny_pipelines import tiny_pipeline

    folder = tmp_path_factory.mktemp("model")
    tiny_pipeline().save_pretrained(folder)
    return folder


def recipe(folder, model, pairs, **changes) -> Recipe:
    options = SMALL | {"pairs": str(pairs)} | changes.pop("options", {})
    fields = {"stage": "deblocker", "steps": 4, "batch_size": 4, "run_dir": str(folder / "run"),
              "export_to": str(folder / "model"), "workers": 0, "precision": "no", "warmup": 1,
              "init_from": str(model), "options": options}
    return Recipe(**(fields | changes))


def test_crops_lie_on_the_grid_of_the_patches(tmp_path):
    place = np.indices((64, 64)).transpose(1, 2, 0).astype(np.uint8)
    place = np.concatenate([place, place[..., :1]], -1)[None]
    np.savez(tmp_path / "0.npz", made=place, truth=place + 100)
    data = Pairs(3, [tmp_path / "0.npz"], 32)
    corners = {tuple(data[k].made[0, 0, :2]) for k in range(60)}
    assert corners == {(y, x) for y in (0, 16, 32) for x in (0, 16, 32)}
    row = data[5]
    assert row.made.shape == (32, 32, 3) and (row.truth == row.made + 100).all()
    assert (Pairs(3, data.files, 32)[5].made == row.made).all()


def test_the_stage_learns(tmp_path, model, pairs):
    chosen = recipe(tmp_path, model, pairs, steps=150, rate=3e-3, muon_rate=0.0,
                    options={"widths": [16, 16, 16]})
    stage = DeblockerStage(chosen)
    data, trainer = stage.dataset(), Trainer(stage, chosen, resume=False, quiet=True)
    assert len(data.files) == 2 and not {*data.files} & {*stage.files[:UNSEEN]}
    batch = stage.collate([data[k] for k in range(6)])
    losses = [trainer.train_step(batch) for _ in range(140)]
    assert losses[-1]["slopes"] < 0.9 * losses[0]["slopes"]
    figures = stage.figures()  # of pictures that it has not seen
    assert figures["mended slopes"] < 0.9 * figures["made slopes"]


def test_a_grid_costs_much_and_another_colour_nothing(tmp_path, model, pairs):
    stage = DeblockerStage(recipe(tmp_path, model, pairs))  # leaves what it is given as it is
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    truth = (0.5 * (x / 4).sin()).expand(2, 3, 32, 32)

    def slopes(made):
        with torch.no_grad():
            return float(stage.losses((made, truth), None)["slopes"])

    assert slopes(truth) == 0 and slopes(truth + 0.3) == pytest.approx(0, abs=1e-5)
    grid = slopes(truth + 0.05 * ((x % 8 == 0) | (y % 8 == 0)))
    assert grid > 0.1
    edge = [slopes(truth + height * (x > 15)) for height in (0.05, 0.5)]
    assert edge[0] < edge[1] < 3 * edge[0] < grid  # ten times as wrong: what lies elsewhere is lost
    assert all(slopes(truth + 0.05 * (line == 9)) > 0.01 for line in (x, y))


def test_colours_are_to_stay(tmp_path, model, pairs):
    stage = DeblockerStage(recipe(tmp_path, model, pairs))
    flat = torch.zeros(2, 3, 32, 32)
    with torch.no_grad():
        assert float(stage.losses((flat, flat), None)["colours"]) == 0
        flat[..., ::4, ::4] = 0.5  # so that there is a range to go to
        stage.module.conv_out.bias.fill_(0.25)
        assert float(stage.losses((flat, flat), None)["colours"]) == pytest.approx(0.219, abs=1e-3)


def test_faint_slopes_are_missed_and_a_bright_pixel_costs_more(tmp_path, model, pairs):
    stage = DeblockerStage(recipe(tmp_path, model, pairs, options={"edges": 1.0}))
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    truth = (0.1 * (x / 3).sin()).expand(2, 3, 32, 32)
    dotted = 0.5 * truth + 1.0 * ((x % 16 == 8) & (y % 16 == 8))
    with torch.no_grad():
        losses = [stage.losses((made, truth), None) for made in (truth, 0.5 * truth, dotted)]
    assert losses[0]["edges"] == 0 and losses[1]["edges"] > 0.2
    cost, gain = (abs(losses[2][name] - losses[1][name]) for name in ("slopes", "edges"))
    assert cost > 0.05 * gain  # as the stage weighs it by default


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path, model, pairs):
    whole = trained(recipe(tmp_path / "whole", model, pairs))
    trained(recipe(tmp_path / "halves", model, pairs), until=2)
    resumed = trained(recipe(tmp_path / "halves", model, pairs), resume=True)
    for name, value in whole.stage.module.state_dict().items():
        assert torch.equal(value, resumed.stage.module.state_dict()[name]), name


def test_what_is_exported_is_a_deblocker_and_is_gone_on_from(tmp_path, model, pairs):
    trained(recipe(tmp_path, model, pairs, steps=2, options={"packed": True}))
    made = MTUPipeline.from_pretrained(tmp_path / "model").deblocker  # a whole model
    assert made.config.packed and tuple(made.config.widths) == (8, 8, 8)
    assert "mended energy" in (tmp_path / "run" / "figures.txt").read_text()
    stage = DeblockerStage(recipe(tmp_path, tmp_path / "model", pairs))
    assert torch.equal(stage.module.place, made.place) and made.place.abs().max() > 0
    afresh = DeblockerStage(recipe(tmp_path, tmp_path / "model", pairs, options={"afresh": True}))
    assert afresh.module.place.abs().max() == 0


def test_without_a_model_or_enough_pairs_it_says_so(tmp_path, model, pairs):
    with pytest.raises(RecipeError, match="the model that draws"):
        DeblockerStage(recipe(tmp_path, tmp_path, pairs))
    few = recipe(tmp_path, model, pairs, options={"pictures": ROWS * UNSEEN})
    with pytest.raises(RecipeError, match="more than the 48"):
        DeblockerStage(few).dataset()


@requires_glyphs
def test_pairs_are_what_the_model_makes_of_pictures(tmp_path):
    from tiny_pipelines import tiny_pipeline

    pipe = tiny_pipeline(residual={"edit": 1.0, "inpaint": 1.0},
                         first_look={"edit": 1, "inpaint": 1})
    files = draw_pairs(pipe, tmp_path / "pairs", 2 * ROWS, seed=3)
    assert [file.name for file in files] == ["00000.npz", "00001.npz"]
    first = dict(np.load(files[0]))
    assert first["made"].shape == first["truth"].shape == (ROWS, 32, 32, 3)
    assert (first["made"] != first["truth"]).any((1, 2, 3)).all()
    files[0].unlink()
    before = files[1].stat().st_mtime_ns
    draw_pairs(pipe, tmp_path / "pairs", 2 * ROWS, seed=3)
    assert files[1].stat().st_mtime_ns == before  # what is there is not drawn again
    again = np.load(files[0])
    assert all((again[name] == first[name]).all() for name in first)
