"""Accuracy, calibration and cost on the held-out file, and the arithmetic that reports them."""

import json

import pytest
import torch

from intents import Router
from intents.corpus import HELDOUT, HELDOUT_LANGUAGES, HELDOUT_STRANGERS, HELDOUT_STYLES
from intents.evaluate import (
    calibration_error,
    doubt_curve,
    main,
    measure,
    measure_file,
    measure_plans,
    plan_matches,
)
from intents.labels import read_examples
from intents.router import ASSETS, best


@pytest.fixture(scope="module")
def result():
    torch.set_num_threads(1)
    return measure(Router.load(), read_examples(HELDOUT))


def test_heldout_accuracy(result):
    assert result["accuracy"] >= 0.96
    assert result["accuracy_plain"] >= 0.955
    assert min(result["per_intent"].values()) >= 0.92
    assert len(result["mistakes"]) == round((1 - result["accuracy"]) * result["utterances"])


def test_other_manners_of_speech():
    assert measure_file(Router.load(), HELDOUT_STYLES)["accuracy"] >= 0.93


def test_messages_by_strangers():
    assert len(read_examples(HELDOUT_STRANGERS)) >= 250
    assert measure_file(Router.load(), HELDOUT_STRANGERS)["accuracy"] >= 0.94


@pytest.mark.parametrize("code", sorted(set(HELDOUT_LANGUAGES) - {"other"}))
def test_each_language(code):
    result = measure_file(Router.load(), HELDOUT_LANGUAGES[code], code)
    assert result["accuracy"] >= 0.92
    assert result["language_told"] >= 0.94


def test_an_unread_language_is_not_acted_on():
    result = measure_file(Router.load(), HELDOUT_LANGUAGES["other"], "other")
    assert result["acted"] <= 0.03 and result["language_told"] >= 0.97


def test_calibrated(result):
    assert result["calibration_error"] <= 0.04


def test_small():
    assert sum(f.stat().st_size for f in ASSETS.iterdir()) <= 5_000_000


def test_a_part_alone_knows_less(result):
    router = Router.load()
    few = read_examples(HELDOUT)[::4]
    for name in ("letters", "transformer", "bag"):
        alone = router.part(name)
        right = [best(alone.scores(e.text, e.context)) == e.intent for e in few]
        assert 0.85 <= sum(right) / len(right) <= 1
    with pytest.raises(ValueError, match="no part"):
        router.part("heart")


def test_whole_plans():
    result = measure_plans(Router.load())
    assert result["plans"] >= 120
    assert result["right"] >= 0.85


def test_calibration_error_arithmetic():
    assert calibration_error([0.9] * 10, [True] * 9 + [False]) == pytest.approx(0)
    assert calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)


def test_doubt_curve_arithmetic():
    curve = {
        p["threshold"]: p for p in doubt_curve([0.45, 0.99, 0.99, 0.55], [False, True, False, True])
    }
    assert curve[0.5]["asked"] == 0.25
    assert curve[0.5]["errors_avoided"] == 0.5
    assert curve[0.5]["accuracy_when_acting"] == pytest.approx(2 / 3)


def test_plan_matching():
    got = [{"intent": "sr", "text": "", "slots": {"scale": 2}}]
    assert plan_matches(got, [{"intent": "sr", "slots": {"scale": 2}}])
    assert not plan_matches(got, [{"intent": "sr", "slots": {"scale": 4}}])
    assert not plan_matches(got, [{"intent": "edit"}])
    assert not plan_matches(got, [])


def test_the_report_names_every_mistake(capsys, tmp_path):
    rows = [
        {"text": "draw a cat", "images": 0, "mask": False, "history": False, "intent": "t2i"},
        {"text": "remove the lamp", "images": 1, "mask": False, "history": False, "intent": "chat"},
    ]
    file = tmp_path / "some.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["--data", str(file)]) == 0
    report = capsys.readouterr().out
    assert "2 utterances: accuracy 50.0%" in report
    assert "chat taken as inpaint" in report and "remove the lamp" in report


@pytest.mark.parametrize("line", ["{", '{"text": "a"}', "[1]"])
def test_a_bad_file_ends_with_status_2(line, tmp_path, capsys):
    file = tmp_path / "bad.jsonl"
    file.write_text(line)
    assert main(["--data", str(file)]) == 2
    assert capsys.readouterr().err == "bad.jsonl line 1: not a labelled message\n"
