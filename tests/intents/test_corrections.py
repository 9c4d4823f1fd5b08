"""Corrections are kept readably, learnt from, and never at the price of held-out accuracy."""

import json
import shutil

import pytest
import torch

from intents import Context, Router
from intents.corpus import build
from intents.corrections import append, learn, read
from intents.router import ASSETS
from intents.train import main


def test_a_correction_is_one_readable_line(tmp_path):
    file = tmp_path / "kept" / "corrections.jsonl"
    append(file, "zonk the frobble ünder it", Context(1), "inpaint")
    append(file, "thanks", Context(history=True), "chat")
    assert json.loads(file.read_text().splitlines()[0])["intent"] == "inpaint"
    assert [(e.text, e.intent, e.context) for e in read(file)] == [
        ("zonk the frobble ünder it", "inpaint", Context(1)),
        ("thanks", "chat", Context(history=True)),
    ]
    with pytest.raises(ValueError, match="unknown intent"):
        append(file, "x", Context(), "sing")


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"text": "a", "images": 0}', ""])
def test_what_is_no_correction_is_named(tmp_path, line, capsys):
    file = tmp_path / "c.jsonl"
    file.write_text(line and line + "\n")
    assert main(["--corrections", str(file), "--out", str(ASSETS)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("c.jsonl") and error.count("\n") == 1


def test_learning_replaces_only_what_does_not_get_worse(tmp_path):
    torch.set_num_threads(1)
    folder = tmp_path / "router"
    shutil.copytree(ASSETS, folder)
    weights = (folder / "model.safetensors").read_bytes()
    file = tmp_path / "c.jsonl"
    append(file, "zonk the frobble", Context(1), "inpaint")
    append(file, "frobble it up", Context(history=True), "sr")
    learned = learn(file, folder)
    assert learned.corrections_after == 1.0
    assert learned.replaced == (learned.heldout_after >= learned.heldout_before)
    assert learned.replaced == ((folder / "model.safetensors").read_bytes() != weights)
    if learned.replaced:
        assert Router.load(folder).predict("zonk the frobble", 1).intent == "inpaint"


def test_corrections_against_all_sense_are_not_kept(tmp_path):
    torch.set_num_threads(1)
    folder = tmp_path / "router"
    shutil.copytree(ASSETS, folder)
    weights = (folder / "model.safetensors").read_bytes()
    file = tmp_path / "c.jsonl"
    for example in build(4000, seed=9):
        append(file, example.text, example.context, "chat")
    learned = learn(file, folder, fresh=100)
    assert learned.heldout_after < learned.heldout_before
    assert not learned.replaced
    assert (folder / "model.safetensors").read_bytes() == weights
