"""Muon on processors without bfloat16."""

import pytest
import torch
from torch import nn

from mtu.training import optim
from mtu.training.recipe import Recipe


def layers() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(24, 6), nn.Linear(6, 40))


def moved(monkeypatch, able: bool) -> list[torch.Tensor]:
    """How far three steps move the weights."""
    monkeypatch.setattr(optim, "has_bfloat16", lambda: able)
    module = layers()
    before = [parameter.detach().clone() for parameter in module.parameters()]
    recipe = Recipe(stage="text", steps=3, batch_size=1, run_dir="", rate=1e-3, muon_rate=0.02,
                    weight_decay=0.1)
    optimizers = optim.Optimizers(module, recipe)
    for step in range(3):
        torch.manual_seed(step)
        for parameter in module.parameters():
            parameter.grad = torch.randn_like(parameter)
        optimizers.step(1.0)
    return [new.detach() - old for new, old in zip(module.parameters(), before, strict=True)]


def test_in_float32_it_steps_as_torchs_own(monkeypatch):
    theirs, asked = torch.optim.Muon.step, []
    monkeypatch.setattr(torch.optim.Muon, "step",
                        lambda self, closure=None: asked.append(1) or theirs(self, closure))
    moved(monkeypatch, False)
    assert not asked
    moved(monkeypatch, True)
    assert len(asked) == 3
    for ours, theirs in zip(moved(monkeypatch, False), moved(monkeypatch, True), strict=True):
        if ours.ndim < 2:
            assert torch.equal(ours, theirs)  # AdamW's
        else:  # torch rounds to eight bits
            assert (ours - theirs).norm() < 0.03 * theirs.norm() > 0


@pytest.mark.parametrize("shape", [(6, 40), (40, 6)])
def test_all_singular_values_become_about_one(shape):
    torch.manual_seed(1)
    group = torch.optim.Muon([nn.Parameter(torch.zeros(2, 2))]).param_groups[0]
    values = torch.linalg.svdvals(optim._orthogonal(torch.randn(shape), group))
    assert values.min() > 0.6 and values.max() < 1.3
