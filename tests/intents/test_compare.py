"""The comparison's ways are trained, calibrated and measured alike."""

import numpy as np
import pytest

from intents import Context
from intents.compare import calibrated, contexts, main, measure, show, tfidf
from intents.corpus import DEV, build
from intents.labels import INTENTS, Example


def test_context_rows():
    rows = contexts([Example("a", "chat", Context(2, True)), Example("b", "chat")])
    assert rows.tolist() == [[0, 0, 1, 1, 0], [1, 0, 0, 0, 0]]


def told(examples):
    """Logits of a way that hears "draw" and "remove" and nothing else."""
    return np.array(
        [[4.0 * ("draw" in e.text), 0, 0, 4.0 * ("remove" in e.text), 0.5] for e in examples],
        dtype=np.float32,
    )


def test_a_way_is_calibrated_and_measured(capsys):
    scores = calibrated(told)
    assert sum(scores("draw a cat", Context()).values()) == pytest.approx(1)
    assert max(scores("draw a cat", Context()), key=scores("draw a cat", Context()).get) == "t2i"
    result = measure(scores, {"dev": DEV})
    assert 0 < result["accuracy"]["dev"] < 0.9 and 0 <= result["calibration_error"] <= 1
    show({"two words": result | {"bytes": 1_500_000}})
    assert "| two words | " in (out := capsys.readouterr().out) and "| 1.5 |" in out


def test_tfidf_learns_the_corpus():
    pytest.importorskip("sklearn")
    scores, size = tfidf(build(600, 3))
    assert set(scores("remove the lamp", Context(1))) == set(INTENTS) and size > 1000


@pytest.mark.parametrize(
    "arguments", [["--minilm", "/no/such"], ["--examples", "3"], ["--weights", "/no/such"]]
)
def test_bad_arguments_end_with_status_2(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
