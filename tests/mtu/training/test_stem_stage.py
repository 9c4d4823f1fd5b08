"""The stem's stage in small: its pairs, its loss, what it exports and who finds that."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from test_stages import moved_stem, requires_glyphs, trained

from mtu.data.enlargements import CLEAN, Enlargements
from mtu.data.playground import Playground
from mtu.stem import Stem, bicubic
from mtu.training.loop import Trainer
from mtu.training.parts import take_part
from mtu.training.recipe import Recipe, RecipeError
from mtu.training.stem_stage import LUMA, RINGS, StemStage, edge_energy, ring_powers

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
    chosen = recipe(tmp_path, steps=90, rate=3e-3)
    stage = StemStage(chosen)
    data, trainer = stage.dataset(), Trainer(stage, chosen, resume=False, quiet=True)
    batch = stage.collate([data[k] for k in range(6)])
    losses = [trainer.train_step(batch) for _ in range(80)]
    assert losses[-1]["pixels"] < losses[0]["pixels"] - 0.1  # about half a decibel
    assert losses[-1]["energy"] < losses[0]["energy"]


def test_rings_of_the_spectrum_hold_the_whole_of_it():
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) - 0.5
    luma = (pictures * torch.tensor(LUMA)[:, None, None]).sum(1)
    torch.testing.assert_close(ring_powers(pictures).sum(1), luma.square().mean((1, 2)),
                               rtol=0.1, atol=0)
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    waves = [(torch.pi * (x + y) / period).cos().expand(1, 3, 64, 64) for period in (1, 2, 16)]
    held = [ring_powers(wave)[0] / ring_powers(wave).sum() for wave in waves]
    assert [int(of.argmax()) for of in held] == [RINGS - 1, RINGS // 2, 0]
    ramp = (y / 64).expand(1, 3, 64, 64)  # whose borders do not meet
    assert ring_powers(ramp)[0, 2:].sum() < 1e-6 * ring_powers(ramp).sum()
    assert min(float(of.max()) for of in held) > 0.45  # a wave between two rings lies in both


def test_slopes_are_edges_and_checks_are_none():
    y, x = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
    pictures = torch.stack([0.02 * x, 0.03 * y, 0.2 * ((x + y) % 2)])[:, None].expand(3, 3, 12, 12)
    torch.testing.assert_close(edge_energy(pictures), torch.tensor([4e-4, 9e-4, 0.0]))


def test_what_a_ring_holds_too_much_is_a_loss_and_what_it_lacks_is_none(tmp_path):
    stage = StemStage(recipe(tmp_path, options=SMALL | {"excess": 1.0}))
    small = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(2)) - 0.5
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    truth = {2: (small, bicubic(small, 2))}  # what fresh weights make
    checked = {2: (small, truth[2][1] + 0.1 * ((x + y) % 2 * 2 - 1))}

    def excess(pairs):
        with torch.no_grad():
            losses = stage.losses(pairs, None)
        assert losses["energy"] == pytest.approx(0, abs=1e-5)  # for a check is no edge
        return float(losses["excess"])

    assert excess(truth) == pytest.approx(0, abs=1e-6)
    assert excess(checked) == pytest.approx(0, abs=1e-3)
    with torch.no_grad():
        stage.module.conv_out["2"].bias += 0.1 * torch.tensor([-1.0, 1, 1, -1]).repeat(3)
    assert excess(truth) > 0.2 and excess(checked) == pytest.approx(0, abs=1e-2)
    stage.recipe.options.pop("excess")
    assert excess(truth) == 0


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path):
    whole = trained(recipe(tmp_path / "whole"))
    trained(recipe(tmp_path / "halves"), until=2)
    resumed = trained(recipe(tmp_path / "halves"), resume=True)
    for name, value in whole.stage.module.state_dict().items():
        assert torch.equal(value, resumed.stage.module.state_dict()[name]), name


def test_what_is_exported_is_a_stem(tmp_path):
    trained(recipe(tmp_path, steps=1, options=SMALL | {"packed": True}))
    assert Stem.from_pretrained(tmp_path / "model").config.channels == 8
    weights = load_file(tmp_path / "model" / "diffusion_pytorch_model.safetensors")
    assert weights["conv_in.weight"].dtype == torch.int8
    assert "x2 energy" in (tmp_path / "run" / "figures.txt").read_text()


def test_what_is_exported_may_overshoot(tmp_path):
    trained(recipe(tmp_path / "plain", steps=2, options=SMALL))
    options = SMALL | {"overshoot": {4: 1.5}}
    trained(recipe(tmp_path / "more", steps=2, options=options))
    made = [Stem.from_pretrained(tmp_path / name / "model") for name in ("plain", "more")]
    small = torch.rand(1, 3, 8, 8) * 2 - 1
    with torch.no_grad():
        assert torch.equal(made[0](small, 2), made[1](small, 2))
        changes = [stem(small, 4) - bicubic(small, 4) for stem in made]
    torch.testing.assert_close(changes[1], 1.5 * changes[0])
    assert changes[0].abs().max() > 0
    with pytest.raises(RecipeError, match="scale 3"):
        StemStage(recipe(tmp_path / "no", options=SMALL | {"overshoot": {3: 1.1}}))


def test_a_deeper_stem_starts_as_the_one_it_takes_over(tmp_path):
    first = trained(recipe(tmp_path, options=SMALL)).stage.module
    start = tmp_path / "start"
    first.save_pretrained(start / "stem")
    small = torch.rand(1, 3, 12, 14) * 2 - 1
    for more in ({}, {"deep_blocks": 1, "deep_channels": 8}):
        taken = StemStage(recipe(tmp_path, init_from=str(start), options=SMALL | more)).module
        assert (taken.deep is not None) == bool(more)
        for scale in (2, 4):
            torch.testing.assert_close(taken(small, scale), first(small, scale))
    taken.save_pretrained(tmp_path / "deep" / "stem")
    same = recipe(tmp_path, init_from=str(tmp_path / "deep"), options=SMALL | more)
    torch.testing.assert_close(StemStage(same).module(small, 2), taken(small, 2))
    for options in (SMALL, SMALL | {"channels": 16}):
        with pytest.raises(RecipeError, match="other channels or blocks"):
            StemStage(recipe(tmp_path, init_from=str(tmp_path / "deep"), options=options))
    with pytest.raises(RecipeError, match="no stem in .* to start from"):
        StemStage(recipe(tmp_path, init_from=str(tmp_path)))


def test_some_small_pictures_are_no_worse_than_shrunken():
    def worse(clean):
        rows = Enlargements(3, crop=16, pictures=2, leaves=1.0, clean=clean)
        return [min(np.abs(np.asarray(Image.fromarray(row.sharp).resize((16, 16), how), float)
                           - row.small).max() for how in CLEAN) for row in map(rows.__getitem__,
                                                                               range(12))]
    assert max(worse(1.0)) == 0 and max(worse(0.0)) > 0


@requires_glyphs
def test_sources_are_the_enlargements_of_the_stem(tmp_path):
    stem = moved_stem(tmp_path)
    plain, ours = (Playground(["sr"], 1, stem=given)[0] for given in (None, stem))
    assert (plain.target == ours.target).all()
    assert (plain.source != ours.source).any()


def test_a_stem_is_found_where_training_starts_or_where_it_is_named(tmp_path):
    elsewhere = str(tmp_path / "elsewhere")
    bare, chosen = tmp_path / "bare", recipe(tmp_path, init_from=str(tmp_path))
    assert take_part(chosen, "stem", "Stem") is None
    with pytest.raises(RecipeError, match="no stem at .*elsewhere"):
        take_part(recipe(tmp_path, init_from=str(tmp_path), options={"stem": elsewhere}),
                  "stem", "Stem")
    Stem(8, 1).save_pretrained(tmp_path / "stem")
    Stem(16, 1).save_pretrained(tmp_path / "other")
    bare.mkdir()
    for start, options, channels in (
            (tmp_path, {}, 8),
            (tmp_path, {"stem": str(tmp_path / "other")}, 16),
            (tmp_path, {"stem": elsewhere}, 8),  # none there: the start's own
            (bare, {"stem": elsewhere, "unfold": str(tmp_path)}, 8)):
        found = take_part(recipe(tmp_path, init_from=str(start), options=options), "stem", "Stem")
        assert found.config.channels == channels


def test_a_stem_does_not_remember_where_it_was_trained(tmp_path):
    torch.manual_seed(0)
    trained = Stem(channels=4, blocks=1)
    trained.save_pretrained(tmp_path / "trained")
    found = take_part(Recipe(stage="multitask", steps=1, batch_size=4, run_dir=str(tmp_path),
                             options={"stem": str(tmp_path / "trained")}), "stem", "Stem")
    found.save_pretrained(tmp_path / "part")
    assert str(tmp_path) not in (tmp_path / "part" / "config.json").read_text()
    for name, tensor in trained.state_dict().items():
        assert tensor.equal(found.state_dict()[name]), name
