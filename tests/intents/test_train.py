"""Training is deterministic and its command is strict; both models keep their shapes."""

import dataclasses
import json

import pytest
import torch

from intents import Router
from intents.corpus import DEV
from intents.further import distil, go_on, mean_of, told_by
from intents.labels import Example, read_examples
from intents.model import MODELS, RouterConfig, build_model
from intents.train import Recipe, main, train

TINY = Recipe(
    examples=1500,
    epochs=1,
    finish=500,
    model=RouterConfig(vocab_size=1200, width=16, heads=2, layers=1, letters=4096),
)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """The folder of a router that was trained by TINY; nothing changes it."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("routers") / "a"
    train(TINY, folder, log=lambda _: None)
    return folder


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_padding_does_not_change_a_row(kind):
    torch.manual_seed(0)
    model = build_model(
        RouterConfig(kind=kind, vocab_size=50, width=16, heads=2, buckets=64, letters=64)
    ).eval()
    ids, context = torch.tensor([[5, 6, 7]]), torch.tensor([[1.0, 0, 0, 0, 1]])
    alone = model(ids, context)
    padded = model(torch.tensor([[5, 6, 7, 0, 0], [9, 8, 7, 6, 5]]), context.repeat(2, 1))[:1]
    torch.testing.assert_close(alone, padded)


def test_training_twice_gives_the_same_router(learnt, tmp_path):
    train(TINY, tmp_path, log=lambda _: None)
    for file in ("model.safetensors", "tokenizer.model", "config.json", "recipe.json"):
        assert (learnt / file).read_bytes() == (tmp_path / file).read_bytes()
    scores = Router.load(learnt).predict("draw a cat").scores
    assert scores == Router.load(tmp_path).predict("draw a cat").scores


def test_going_on_keeps_the_vocabulary_and_changes_every_part(learnt, tmp_path):
    go_on(TINY, learnt, tmp_path, log=lambda _: None)
    before, after = map(Router.load, (learnt, tmp_path))
    assert before.processor.serialized_model_proto() == after.processor.serialized_model_proto()
    pairs = zip(before.model.named_parameters(), after.model.parameters(), strict=True)
    assert all(not torch.equal(old, new) for (_, old), new in pairs)


def test_a_router_learns_from_two_others(learnt, tmp_path):
    train(dataclasses.replace(TINY, seed=2), tmp_path / "b", log=lambda _: None)
    folders = [learnt, tmp_path / "b"]
    one = Example("draw a cat", "t2i")
    soft = torch.tensor(told_by([Router.load(folder) for folder in folders], [one] * 3))
    assert soft.shape == (3, 5) and soft[0, 0] >= 0.5
    torch.testing.assert_close(soft.sum(1), torch.ones(3))
    distil(TINY, folders, tmp_path / "c", log=lambda _: None)
    assert _right(tmp_path / "c") >= 0.45  # one of five is chance


def _right(folder) -> float:
    router, asked = Router.load(folder), read_examples(DEV)
    said = [router.predict(e.text, *dataclasses.astuple(e.context)).intent for e in asked]
    return sum(x == e.intent for x, e in zip(said, asked, strict=True)) / len(asked)


def test_the_mean_of_routers_lies_between_them(learnt, tmp_path):
    go_on(TINY, learnt, tmp_path / "b", log=lambda _: None)
    mean_of(TINY, [learnt, tmp_path / "b"], tmp_path / "c", log=lambda _: None)
    one, other, mean = (Router.load(folder).model.state_dict()
                        for folder in (learnt, tmp_path / "b", tmp_path / "c"))
    for name, value in mean.items():  # rounded to a 127th of each row's largest
        step = float(value.abs().max()) / 127 + 1e-3
        assert (value - (one[name] + other[name]) / 2).abs().max() <= step, name
    assert _right(tmp_path / "c") >= 0.45


def test_a_mean_of_other_vocabularies_is_refused(learnt, tmp_path, capsys):
    train(dataclasses.replace(TINY, seed=3), tmp_path / "b", log=lambda _: None)
    assert main(["--mean-of", str(learnt), str(tmp_path / "b"), "--out", str(tmp_path / "c")]) == 2
    assert "has another vocabulary than" in capsys.readouterr().err


def test_learning_from_nothing_ends_with_status_2(tmp_path, capsys):
    assert main(["--teachers", str(tmp_path), "--out", str(tmp_path / "b")]) == 2
    assert "has no config.json" in capsys.readouterr().err


def test_going_on_from_nothing_ends_with_status_2(tmp_path, capsys):
    assert main(["--go-on", str(tmp_path), "--out", str(tmp_path / "b")]) == 2
    assert "has no config.json" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_dry_run_prints_the_recipe(capsys):
    assert main(["--dry-run", "--seed", "4"]) == 0
    assert json.loads(capsys.readouterr().out) == dataclasses.asdict(Recipe(seed=4))


@pytest.mark.parametrize("arguments", [["--examples", "3"], ["--epochs", "0"], ["--kind", "magic"]])
def test_bad_flags_end_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    "change",
    [
        dict(kind="x"),
        dict(width=10, heads=4),
        dict(temperature=0.0),
        dict(threshold=2.0),
        dict(letters=-1),
    ],
)
def test_config_is_validated(change):
    with pytest.raises(ValueError):
        RouterConfig(**change)
