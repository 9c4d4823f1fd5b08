"""The reader's training stage: a few steps through the loop give a reader that loads."""

import math

import pytest
import torch

from mtu.evaluation import SceneReader, reader
from mtu.evaluation.reader import CLASSES
from mtu.training.loop import Trainer
from mtu.training.reader_stage import ReaderStage
from mtu.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("glyphs")


def test_two_steps_change_the_weights_and_export_a_reader(tmp_path):
    recipe = Recipe(stage="reader", steps=2, batch_size=3, run_dir=str(tmp_path / "run"),
                    export_to=str(tmp_path / "reader"), warmup=1, workers=0, precision="no",
                    muon_rate=0.01)
    stage = ReaderStage(recipe)
    before = {name: value.detach().clone() for name, value in stage.module.named_parameters()}
    shares = stage.accuracy(4)
    assert set(shares) == {"thing", "color", "place", "time", "weather", "style", "none"}
    losses = stage.losses(stage.collate([stage.dataset()[k] for k in range(3)]), None)
    assert all(math.isfinite(float(value.detach())) for value in losses.values())
    Trainer(stage, recipe, resume=False, quiet=True).run()
    after = SceneReader.from_pretrained(tmp_path / "reader")
    assert any((before[name] - value).abs().max() > 1e-3
               for name, value in after.named_parameters())
    assert "step 2: thing" in (tmp_path / "run" / "accuracy.txt").read_text()


def test_a_reader_of_fewer_words_is_taken_over(tmp_path, monkeypatch):
    torch.manual_seed(0)
    old = SceneReader()
    fewer = CLASSES | {"thing": tuple(name for name in CLASSES["thing"] if name != "tiger")}
    with monkeypatch.context() as patched:
        patched.setattr(reader, "CLASSES", fewer)
        before = SceneReader()
        before.save_pretrained(tmp_path)
    old.take_over(tmp_path)
    kept = [CLASSES["thing"].index(name) for name in fewer["thing"]]
    weight = old.head_cells.weight[kept]
    torch.testing.assert_close(weight, before.head_cells.weight[: len(kept)], atol=1e-3, rtol=1e-2)
    torch.testing.assert_close(old.conv_in.weight, before.conv_in.weight, atol=1e-3, rtol=1e-2)
    with pytest.raises(ValueError, match="no scene reader"):
        old.take_over(tmp_path / "nowhere")
