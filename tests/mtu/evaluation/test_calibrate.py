"""Setting what a model takes for its world: learnt from what the program renders, and written."""

import json

import numpy as np
import pytest
from tiny_pipelines import picture, tiny_latent_pipeline, tiny_pipeline

from mtu import MTUPipeline
from mtu.evaluation.calibrate import FOREIGN, SIGNS, fit, foreign_picture, main, passing, scores
from mtu.familiar import BIAS, TRAITS, is_familiar, strangeness, traits


def test_the_weights_tell_two_clouds_apart_and_are_for_traits_as_they_are():
    rng = np.random.default_rng(0)
    foreign = np.arange(400) % 2 == 1
    rows = rng.normal(3.0, 1.0, (400, len(TRAITS))) * 10.0
    rows[foreign, 0] += 40.0
    weights = fit(rows, foreign)
    values = scores(rows, weights)
    assert ((values > 0) == foreign).mean() > 0.95
    assert max(weights, key=lambda name: abs(weights[name]) * (name != BIAS)) == TRAITS[0]
    assert fit(rows, foreign) == weights


def test_a_trait_that_points_the_wrong_way_is_left_out():
    rng = np.random.default_rng(0)
    foreign = np.arange(400) % 2 == 1
    rows = rng.normal(0.0, 1.0, (400, len(TRAITS)))
    rows[foreign, TRAITS.index("colours")] -= 4.0
    rows[foreign, TRAITS.index("late error")] += 2.0
    weights = fit(rows, foreign)
    assert weights["colours"] == 0 and weights["late error"] > 0
    assert all(weights[name] * sign >= 0 for name, sign in SIGNS.items())


def test_shares_that_pass_by_kind():
    values = np.array([0.0, 2.0, 1.0, 5.0])
    assert passing(values, ["exact", "exact", "leaves", "drawn"], 1.0) == {
        "exact": 0.5, "drawn": 0.0, "leaves": 1.0}


@pytest.mark.usefixtures("glyphs")
@pytest.mark.parametrize("kind", FOREIGN)
def test_what_stands_in_for_photographs_is_seeded(kind):
    one, two, other = (foreign_picture(kind, np.random.default_rng(seed), 64) for seed in (1, 1, 2))
    assert one.tobytes() == two.tobytes() != other.tobytes()
    assert one.mode == "RGB"


@pytest.mark.usefixtures("glyphs")
def test_it_learns_writes_and_reports(tmp_path, capsys):
    model, photos = tmp_path / "model", tmp_path / "photos"
    tiny_pipeline(default_steps=1).save_pretrained(model)
    photos.mkdir()
    picture(60, 40).save(photos / "a.png")
    arguments = [str(model), "--count", "12", "--seed", "3", "--photos", str(photos)]
    before = (model / "model_index.json").read_text()
    assert main([*arguments, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert (model / "model_index.json").read_text() == before
    assert main(arguments) == 0
    assert capsys.readouterr().out == told
    report = json.loads(told)
    assert set(report["strange_weights"]) == {*TRAITS, BIAS}
    assert 0 <= report["elsewhere that passes"] <= 1 and 0 <= report["world that passes"] <= 1
    assert report["photographs"]["n"] == 1
    pipeline = MTUPipeline.from_pretrained(model)
    assert pipeline.config.strangest == report["strangest"]
    found = traits(pipeline, picture(60, 40))
    value = float(scores(np.array([list(found.values())]), report["strange_weights"])[0])
    assert strangeness(pipeline, picture(60, 40)) == pytest.approx(value, rel=1e-6)
    assert is_familiar(pipeline, picture(60, 40)) is (value <= report["strangest"])
    assert (report["photographs"]["pass"] == ["a.png"]) is (value <= report["strangest"])


@pytest.mark.usefixtures("glyphs")
@pytest.mark.parametrize(("arguments", "says"), [
    (["/nowhere"], "no model"), (["MODEL", "--count", "3"], "at least 12"),
    (["MODEL", "--seed", "-1"], "not be negative"), (["LATENT"], "pixel space"),
    (["MODEL", "--photos", "/nowhere"], "no folder /nowhere"),
])
def test_bad_input_is_one_line(tmp_path, capsys, arguments, says):
    tiny_pipeline().save_pretrained(tmp_path / "MODEL")
    tiny_latent_pipeline().save_pretrained(tmp_path / "LATENT")
    capsys.readouterr()
    places = {name: str(tmp_path / name) for name in ("MODEL", "LATENT")}
    assert main([places.get(word, word) for word in arguments]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_weights_must_be_whole():
    with pytest.raises(ValueError, match="late error"):
        tiny_pipeline(strange_weights={"error": 1.0})
