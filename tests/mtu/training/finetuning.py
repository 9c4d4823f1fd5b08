"""Small recipes of the stage "finetune", and what a run of one leaves behind."""

import json
from pathlib import Path

import pytest

from mtu.playground import atlas
from mtu.train import build_stage
from mtu.training.loop import Trainer
from mtu.training.recipe import Recipe

requires_glyphs = pytest.mark.skipif(
    atlas.find_font() is None and not atlas.default_path().is_file(),
    reason="the glyph font (fonts-noto-color-emoji) is not installed")
TASKS = {"t2i": 1, "edit": 1, "sr": 1, "inpaint": 1}


def recipe(folder: Path, options: dict | None = None, **changes) -> Recipe:
    """Four steps of the tiny base on drawn scenes of 32 × 32 pixels, in float32."""
    fields = {
        "stage": "finetune", "steps": 4, "batch_size": 8, "run_dir": str(folder / "run"),
        "init_from": "tiny", "rate": 1e-3, "muon_rate": 0, "warmup": 1, "precision": "no",
        "workers": 0, "tensorboard": "off", "sample_seconds": 1e6, "task_weights": TASKS}
    small = {"size": 32, "task_embed_dim": 8, "router_hidden_dim": 8}
    return Recipe(**(fields | changes), options=small | (options or {}))


def write(recipe: Recipe, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "recipe.yaml"
    file.write_text(recipe.to_yaml())
    return file


def trained(recipe: Recipe, **chosen) -> Trainer:
    trainer = Trainer(build_stage(recipe), recipe, resume=chosen.pop("resume", False), quiet=True)
    trainer.run(**chosen)
    return trainer


def losses(folder: Path) -> list[dict]:
    """What losses.jsonl in a run's folder says, step by step."""
    return [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]


def assert_same_losses(actual: list[dict], expected: list[dict], relative: float) -> None:
    assert [line["step"] for line in actual] == [line["step"] for line in expected]
    for one, other in zip(actual, expected, strict=True):
        assert one == pytest.approx(other, rel=relative)
