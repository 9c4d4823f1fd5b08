"""Recipes, optimisers, the weights' average and checkpoints, each by itself."""

import math

import pytest
import torch
from torch import nn

from mtu.training import checkpoint
from mtu.training.ema import PowerEMA, exponent, restore
from mtu.training.optim import Optimizers, rate_factor
from mtu.training.recipe import Recipe, RecipeError, load_recipe


def recipe(**changes) -> Recipe:
    fields = {"stage": "base", "steps": 10, "batch_size": 2, "run_dir": "unused"}
    return Recipe(**(fields | changes))


def write(folder, text):
    file = folder / "recipe.yaml"
    file.write_text(text)
    return file


def test_shipped_recipes_are_valid():
    from importlib.resources import files

    names = [f.name for f in files("mtu.training").joinpath("recipes").iterdir()]
    assert {"text.yaml", "base.yaml", "multitask.yaml", "reader.yaml"} <= set(names)
    for name in names:
        load_recipe(str(files("mtu.training").joinpath("recipes", name)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stage: base\nsteps: 3\nbatch_size: 2\nrun_dir: x\nsped: 3", "unknown field 'sped'"),
        ("stage: dance\nsteps: 3\nbatch_size: 2\nrun_dir: x", "'dance' is not one of"),
        ("stage: base\nsteps: 0\nbatch_size: 2\nrun_dir: x", "steps must be"),
        ("stage: base\nsteps: 3", "must name stage"),
        ("- 1\n- 2", "not a mapping"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_bad_recipe_is_one_sentence(tmp_path, text, said):
    with pytest.raises(RecipeError, match=said) as caught:
        load_recipe(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_resolved_recipe_reads_back_the_same(tmp_path):
    first = recipe(options={"a": 1}, decay=0.5)
    assert load_recipe(write(tmp_path, first.to_yaml())) == first


def test_the_rate_rises_stays_and_falls_to_nothing():
    factors = [rate_factor(step, 100, 10, 0.25) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[10:75] == [1.0] * 65
    assert all(a > b for a, b in zip(factors[75:], factors[76:], strict=False))
    assert factors[100] == 0


def test_muon_turns_a_convolution_in_both_memory_formats_alike():
    steps = []
    for form in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Conv2d(4, 6, 3)).to(memory_format=form)
        before = module[0].weight.detach().clone()
        optimizers = Optimizers(module, recipe())
        module(torch.ones(1, 4, 5, 5)).square().sum().backward()
        optimizers.step(1.0)
        steps.append((module[0].weight - before).detach())
    assert steps[0].abs().max() > 1e-4
    torch.testing.assert_close(steps[0], steps[1], rtol=0.05, atol=2e-4)  # bf16 iterations


def test_muon_gets_hidden_matrices_and_adamw_the_rest():
    module = nn.ModuleDict({"conv_in": nn.Conv2d(3, 4, 1), "hidden": nn.Linear(4, 4),
                            "norm": nn.LayerNorm(4)})
    adamw, muon = Optimizers(module, recipe()).all
    assert [tuple(p.shape) for p in muon.param_groups[0]["params"]] == [(4, 4)]
    assert len(adamw.param_groups[0]["params"]) == 5


def test_routers_and_the_task_embedding_can_have_a_rate_of_their_own():
    module = nn.ModuleDict({"router": nn.Linear(4, 4), "hidden": nn.Linear(4, 4, bias=False)})
    module.task_embedding = nn.Parameter(torch.randn(4, 4))
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    optimizers = Optimizers(module, recipe(rate=1e-2, router_rate=1e-4))
    output = module["hidden"](module["router"](module.task_embedding))
    output.square().sum().backward()
    optimizers.step(1.0)
    moved = {name: float((p.detach() - before[name]).abs().max())
             for name, p in module.named_parameters()}
    for name in ("router.weight", "router.bias", "task_embedding"):  # AdamW's first step: the rate
        assert moved[name] == pytest.approx(1e-4, rel=0.01)
    assert moved["hidden.weight"] > 1e-3
    shared = Optimizers(module, recipe(rate=1e-2)).all
    assert {o.param_groups[0]["lr"] for o in shared} == {1e-2, recipe().muon_rate}


def test_nothing_to_train_is_an_error():
    with pytest.raises(ValueError, match="nothing to train"):
        Optimizers(nn.Linear(2, 2).requires_grad_(False), recipe())


def test_the_average_has_the_width_it_was_asked_for():
    # EDM2: the profile t^γ on [0, 1] has the standard deviation σ
    gamma = exponent(0.1)
    mean = (gamma + 1) / (gamma + 2)
    variance = (gamma + 1) / (gamma + 3) - mean**2
    assert math.sqrt(variance) == pytest.approx(0.1, rel=1e-6)


def test_the_average_of_constant_weights_is_them_and_restores():
    module = nn.Linear(3, 3)
    ema = PowerEMA(module, 0.05)
    for step in range(1, 5):
        ema.update(module, step)
    original = module.weight.detach().clone()
    torch.testing.assert_close(ema.tensors["weight"], original)
    with torch.no_grad():
        module.weight.add_(1)
    before = ema.copy_to(module)
    torch.testing.assert_close(module.weight, original)
    restore(module, before)
    torch.testing.assert_close(module.weight, original + 1)


def test_a_checkpoint_reads_back_and_survives_a_half_written_one(tmp_path):
    folder = tmp_path / "checkpoint"
    assert checkpoint.load(folder) is None
    checkpoint.save(folder, {"weights": {"a": torch.arange(3)}}, {"step": 1})
    checkpoint.save(folder, {"weights": {"a": torch.arange(4)}}, {"step": 2})
    (tmp_path / "checkpoint.99.part").mkdir()  # a run killed while writing
    groups, meta = checkpoint.load(folder)
    assert meta == {"step": 2} and groups["weights"]["a"].tolist() == [0, 1, 2, 3]
    folder.rename(tmp_path / "checkpoint.old")  # a run killed between the two renames
    assert checkpoint.load(folder)[1] == {"step": 2}


@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_adamw_goes_on_from_its_saved_state_in_both_memory_formats(form):
    def steps(optimizers, module, count):
        for _ in range(count):
            module(torch.linspace(-1, 1, 100).reshape(1, 4, 5, 5)).square().sum().backward()
            optimizers.step(1.0)

    ends = []
    for resumed in (False, True):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Conv2d(4, 6, 3)).to(memory_format=form)
        optimizers = Optimizers(module, recipe(muon_rate=0))
        steps(optimizers, module, 2)
        if resumed:
            state = {k: v.contiguous() for k, v in optimizers.state_tensors().items()}
            optimizers = Optimizers(module, recipe(muon_rate=0))
            optimizers.load_state_tensors(state)  # a file keeps no strides
        steps(optimizers, module, 2)
        ends.append(module[0].weight.detach().clone())
    assert torch.equal(ends[0], ends[1])
