"""The router and its command keep the contract of ARCHITECTURE.md."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intents import INTENTS, Router
from intents.predict import main

ROOT = Path(__file__).parents[2]
EXPECTED = [
    # text, images, mask, history, intent: the examples people stumble over
    ("draw a cat", 0, False, False, "t2i"),
    ("ignore my upload, draw a castle", 1, False, False, "t2i"),
    ("a photo of a lake in high resolution", 0, False, False, "t2i"),
    ("an empty beach, no people", 0, False, False, "t2i"),
    ("draw a blurry photo", 0, False, True, "t2i"),
    ("make it night", 0, False, True, "edit"),
    ("replace the dog with a cat", 1, False, False, "edit"),
    ("replace the dog with a cat", 1, True, False, "inpaint"),
    ("remove the blur", 1, False, False, "sr"),
    ("sharpen this", 1, False, False, "sr"),
    ("bigger", 0, False, True, "sr"),
    ("upscale it", 0, False, True, "sr"),
    ("remove the watermark", 1, False, False, "inpaint"),
    ("without the umbrella", 0, False, True, "inpaint"),
    ("can you get rid of the guy on the left", 1, False, False, "inpaint"),
    ("what can you do?", 0, False, False, "chat"),
    ("thanks!", 0, False, True, "chat"),
    ("who are you", 0, False, False, "chat"),
]


@pytest.fixture(scope="module")
def router():
    torch.set_num_threads(1)
    return Router.load()


@pytest.mark.parametrize(("text", "images", "mask", "history", "intent"), EXPECTED)
def test_what_decides(router, text, images, mask, history, intent):
    prediction = router.predict(text, images, mask, history)
    assert prediction.intent == intent
    assert prediction.confidence > router.threshold


def test_scores_are_five_and_sum_to_one(router):
    prediction = router.predict("make the sky pink", 1)
    assert tuple(prediction.scores) == INTENTS
    assert sum(prediction.scores.values()) == pytest.approx(1, abs=1e-5)
    assert prediction.confidence == prediction.scores[prediction.intent]
    assert [s.task for s in prediction.plan.steps] == ["edit"]


def test_chat_has_no_steps(router):
    assert router.predict("who are you").plan.steps == ()


def test_an_empty_message_with_a_mask_erases_and_without_anything_is_chat(router):
    assert router.predict("", images=1, mask=True).intent == "inpaint"
    assert router.predict("").intent == "chat"
    assert router.predict(" \u200b ", images=1).confidence < router.threshold
    assert sum(router.predict("", images=1).scores.values()) == pytest.approx(1)


@pytest.mark.parametrize("text", ["no", "Yes!", "ok", "STOP", "why?"])
def test_a_bare_answer_never_draws(router, text):
    for context in ((0, False, False), (1, False, True), (1, True, False)):
        prediction = router.predict(text, *context)
        assert prediction.intent == "chat" and prediction.plan.steps == ()
    assert router.predict("no cars", 1).intent == "inpaint"


def test_a_picture_is_a_picture_however_many(router):
    assert router.predict("make it night", images=2).scores == pytest.approx(
        router.predict("make it night", images=9).scores
    )


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(max_size=300), images=st.integers(0, 5), mask=st.booleans(), history=st.booleans()
)
def test_any_text_gets_a_sane_answer(text, images, mask, history):
    prediction = _router().predict(text, images, mask, history)
    assert prediction.intent in INTENTS
    assert 0 <= prediction.confidence <= 1
    assert sum(prediction.scores.values()) == pytest.approx(1, abs=1e-5)
    json.dumps(prediction.to_dict())


_LOADED = []


def _router():
    if not _LOADED:
        _LOADED.append(Router.load())
    return _LOADED[0]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "remove the cat and " * 600,
        "draw " + "\u200b" * 9_990,
        "😀" * 3000,
        "\ud800",
        "\x00\x07",
        "нарисуй 猫 قطة a cat",
        "\u202egod",
    ],
)
def test_strange_texts_are_quick_and_do_not_crash(router, text):
    begun = time.perf_counter()
    assert router.predict(text, 1).intent in INTENTS
    assert time.perf_counter() - begun < 0.5


def test_invisible_characters_and_case_change_nothing(router):
    plain = router.predict("remove the lamp", 1).scores
    assert router.predict("Remove\u200b the\u200d LAMP", 1).scores == pytest.approx(plain)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (dict(text=3), TypeError),
        (dict(text="a", images=True), TypeError),
        (dict(text="a", images=-1), ValueError),
        (dict(text="a", mask=1), TypeError),
        (dict(text="a", history=None), TypeError),
        (dict(text="a", images=1.5), TypeError),
    ],
)
def test_wrong_types_are_refused(router, arguments, error):
    with pytest.raises(error):
        router.predict(**arguments)


def test_loading_what_is_not_a_router(tmp_path):
    with pytest.raises(FileNotFoundError, match="config.json"):
        Router.load(tmp_path)
    for name in ("config.json", "model.safetensors", "tokenizer.model"):
        (tmp_path / name).write_bytes((ROOT / "assets/intents" / name).read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"width": config["width"] * 2}))
    with pytest.raises(ValueError, match="does not hold a router"):
        Router.load(tmp_path)


def command(stdin: bytes) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "intents.predict"],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        timeout=60,
    )


def test_command_answers_line_by_line(router):
    rows = [
        {"text": "remove the lamp", "images": 1, "mask": False, "history": False},
        {"text": "thanks!", "images": 0, "mask": False, "history": True},
        {"text": "naïve café 🐈", "images": 0, "mask": False, "history": False},
    ]
    done = command("\n".join(map(json.dumps, rows)).encode() + b"\n")
    assert (done.returncode, done.stderr) == (0, b"")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(a) for a in answers] == [{"intent", "confidence", "scores", "plan"}] * 3
    assert [a["intent"] for a in answers] == ["inpaint", "chat", "t2i"]
    assert answers[0]["plan"] == [
        {"intent": "inpaint", "text": "remove the lamp", "slots": {"thing": "lamp"}}
    ]
    assert answers[1]["plan"] == []
    assert answers[0]["scores"] == pytest.approx(router.predict(**rows[0]).scores)


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"[1]",
        b'{"images": 1}',
        b'{"text": 3}',
        b'{"text": "a", "images": "1"}',
        b'{"text": "a", "mask": 0}',
        b'{"text": "a", "images": -1}',
        b'{"text": "a", "colour": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_bad_line_is_named_and_ends_with_status_2(bad, monkeypatch, capsys):
    lines = io.TextIOWrapper(io.BytesIO(b'{"text": "hello"}\n' + bad + b"\n"))
    monkeypatch.setattr("sys.stdin", lines)
    assert main([]) == 2
    output, error = capsys.readouterr()
    assert error.startswith("line 2: ")
    assert error.count("\n") == 1
    assert len(output.splitlines()) == 1


def test_the_command_itself_prints_no_traceback():
    done = command(b'{"text": 3}\n')
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"line 1: text must be a string\n"
