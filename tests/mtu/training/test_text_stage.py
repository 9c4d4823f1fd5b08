"""The text encoder is asked of each noun what belongs to it, and of each cell what stands there."""

import numpy as np
import pytest
import torch

from mtu.playground.scene import Scene, make_item
from mtu.playground.vocabulary import THINGS
from mtu.training.loop import Trainer
from mtu.training.recipe import Recipe
from mtu.training.text_stage import THING_FIELDS, Line, TextStage, scene_targets

FIELDS = list(THING_FIELDS)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Recipe:
    return Recipe(stage="text", steps=60, batch_size=24, workers=0, precision="no", rate=1e-3,
                  warmup=2, run_dir=str(tmp_path_factory.mktemp("run")),
                  options={"tokenizer_lines": 500, "layers": 1})


def test_of_several_alike_nobody_asks_which_is_where():
    alone, twin = make_item("cat", "left"), make_item("cat", "right")
    things, _ = scene_targets(Scene("beach", "day", "clear", (alone,), 0))
    cat = things[list(THINGS).index("cat")]
    assert cat[FIELDS.index("column")] == 1 and cat[0] == 1
    things, _ = scene_targets(Scene("beach", "day", "clear", (alone, twin), 0))
    cat = things[list(THINGS).index("cat")]
    assert cat[0] == 1 and (cat[1:] == -100).all()


def test_the_pieces_of_a_noun_are_marked_with_its_thing(recipe):
    stage = TextStage(recipe)
    scene = Scene("beach", "day", "clear",
                  (make_item("cat", "left"), make_item("fire engine", "right")), 0)
    text = "A cat and a fire engine on the beach"
    ids, mask, _, _, nouns, cells = stage.collate(
        [Line(text, *scene_targets(scene)), stage.data[0]])
    pieces = [stage.tokenizer.decode([k]).strip() for k in ids[0]]
    marked = {number: "".join(piece for piece, own in zip(pieces, nouns[0], strict=True)
                              if own == number + 1)
              for number in map(list(THINGS).index, ("cat", "fire engine"))}
    assert list(marked.values()) == ["cat", "fireengine"]
    assert not nouns[mask == 0].any()
    assert (cells[0] == -1).all() and (cells[1] >= 0).all()  # the first line shows no scene


def test_nouns_and_cells_are_learned(recipe):
    stage = TextStage(recipe)
    trainer = Trainer(stage, recipe, resume=False, quiet=True)
    batch = stage.collate([stage.data[i] for i in range(24)])
    losses = [trainer.train_step(batch) for _ in range(40)]
    for name in ("nouns", "cells"):
        assert losses[-1][name] < 0.7 * losses[0][name], name
    report = stage.accuracy(64)
    assert {f"noun's {name}" for name in FIELDS} | {"cells"} < set(report)
    assert all(0 <= value <= 1 for value in report.values())


def test_what_is_asked_of_a_noun_can_be_read_from_its_state_alone(recipe):
    stage = TextStage(recipe)
    ids, mask, *_ = stage.collate([stage.data[k] for k in (0, 2)])
    before = stage.module(ids, mask)[3]
    assert before.shape == (*ids.shape, sum(len(v) + 1 for v in THING_FIELDS.values()))
    states = stage.module.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(before, stage.module.head_nouns(states))
    assert np.isfinite(before.detach().numpy()).all()


def test_the_position_bias_goes_in_longer_steps_than_the_rest(recipe):
    stage = TextStage(recipe)
    trainer = Trainer(stage, recipe, resume=False, quiet=True)
    (name, bias), = ((n, p) for n, p in stage.module.named_parameters()
                     if "relative_attention_bias" in n)
    norm = stage.module.encoder.encoder.final_layer_norm.weight
    before = bias.detach().clone(), norm.detach().clone()
    for _ in range(4):
        trainer.train_step(stage.collate([stage.data[i] for i in range(16)]))
    moved, other = ((new.detach() - old).abs().max() for new, old in zip(
        (bias, norm), before, strict=True))
    assert moved > 10 * other > 0
    state = trainer.optimizers.state_tensors()
    again = Trainer(TextStage(recipe), recipe, resume=False, quiet=True).optimizers
    again.load_state_tensors(state)
    assert all(torch.equal(tensor, state[key]) for key, tensor in again.state_tensors().items())
