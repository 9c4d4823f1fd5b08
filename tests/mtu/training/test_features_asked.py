"""What a UNet's features are asked in training: the cells' labels."""

import pytest
import torch
from finetuning import requires_glyphs
from test_stages import multitask, text_model, tiny_unet, trained  # noqa: F401

from mtu.finder import Finder
from mtu.pipeline import MTUPipeline
from mtu.playground.cells import cell_labels
from mtu.playground.scene import GRID, Scene, make_item
from mtu.playground.vocabulary import COLORS, THINGS
from mtu.train import build_stage
from mtu.training.asked import FILE, NUMBERS, Asked, label_errors
from mtu.training.loop import Trainer

OPTIONS = {"num_experts": 4, "first_look": {"edit": 2, "inpaint": 2}, "residual": {"edit": 1.0}}


def a_scene(*items) -> Scene:
    return Scene("beach", "day", "clear", items, 0)


def perfect(labels: torch.Tensor) -> torch.Tensor:
    """Answers that give the labels with certainty."""
    things, colors = (torch.nn.functional.one_hot(labels[:, k].long(), n).permute(0, 3, 1, 2) * 50.0
                      for k, n in enumerate(list(NUMBERS.values())[:2]))
    return torch.cat([things, colors, labels[:, 2:]], 1)


def test_cells_are_labelled_with_what_stands_there():
    cat = make_item("cat", "left", "down", "small")
    balloon = make_item("balloon", "right", "up", "medium", "red")
    labels = cell_labels(a_scene(cat, balloon))
    number = {name: k for k, name in enumerate(THINGS, start=1)}
    assert (labels[0] == number["cat"]).sum() == 4 * 4
    assert (labels[0] == number["balloon"]).sum() == 6 * 6
    on_cat, on_balloon = labels[0] == number["cat"], labels[0] == number["balloon"]
    assert (labels[1][on_balloon] == 1 + list(COLORS).index("red")).all()
    assert not labels[1][on_cat].any() and not labels[:, labels[0] == 0].any()
    across = labels[2][on_balloon].reshape(6, 6)
    torch.testing.assert_close(torch.from_numpy(across[0]), (torch.arange(6) + 0.5) / 6)
    assert (across == across[0]).all()
    assert (labels[3][on_cat].reshape(4, 4)[:, 0] * 4 == torch.arange(4).numpy() + 0.5).all()


def test_the_nearer_thing_hides_the_one_behind():
    house, cat = make_item("house", "middle", "down", "large"), make_item("cat", "middle", "down")
    number = {name: k for k, name in enumerate(THINGS, start=1)}
    under_cat = (cell_labels(a_scene(cat))[0] > 0).sum()
    step = 1 / GRID
    near = type(cat)(**(vars(cat) | {"y": house.y + step}))
    far = type(cat)(**(vars(cat) | {"y": house.y - step}))
    for order in ((house, near), (near, house)):
        assert (cell_labels(a_scene(*order))[0] == number["cat"]).sum() == under_cat
    for order in ((house, far), (far, house)):
        assert (cell_labels(a_scene(*order))[0] == number["cat"]).sum() < under_cat


def test_right_answers_cost_nothing_and_each_wrong_one_something():
    scenes = [a_scene(make_item("cat", "left"), make_item("balloon", "right", color="red")),
              a_scene(make_item("dog", "middle"))]
    labels = torch.stack([torch.from_numpy(cell_labels(scene)) for scene in scenes])
    weight = torch.ones(2, 1, GRID, GRID)
    answers = perfect(labels)
    assert label_errors(answers, labels, weight).max() < 1e-6
    swapped = label_errors(answers.flip(0), labels, weight)
    assert swapped.min() > 1
    for start, stop in ((0, NUMBERS["thing"]), (NUMBERS["thing"], -3), (-3, None)):
        wrong = answers.clone()
        wrong[:, start:stop] = wrong[:, start:stop].roll(1, 2) * 0.5
        assert label_errors(wrong, labels, weight).max() > 1e-3, start
    silent = labels.clone()
    silent[1] = -1
    errors = label_errors(answers.flip(0), silent, weight)
    assert errors[1] == 0 and errors[0] == swapped[0]
    twice = label_errors(answers.flip(0), labels, 2 * weight)
    torch.testing.assert_close(twice, 2 * swapped)


def test_asking_changes_nothing_of_what_the_unet_predicts():
    unet = tiny_unet()
    inputs = (torch.randn(2, 768, 16, 16), torch.tensor([500.0, 900.0]), torch.randn(2, 5, 192))
    alone = unet(*inputs).sample
    sample, labels = Asked(unet)(*inputs)
    assert torch.equal(sample, alone)
    assert labels.shape == (2, sum(NUMBERS.values()), 16, 16)
    labels.square().mean().backward()
    assert unet.conv_in.weight.grad.abs().max() > 0  # the features are what learns


@requires_glyphs
def test_the_base_learns_what_stands_where_and_hands_the_head_on(text_model, tmp_path):  # noqa: F811
    recipe = multitask(text_model, tmp_path, stage="base", steps=16, rate=2e-3,
                       options={"label_weight": 0.1})
    stage = build_stage(recipe)
    trainer = Trainer(stage, recipe, resume=False, quiet=True)
    batch = stage.collate([stage.dataset()[i] for i in range(4)])
    losses = [trainer.train_step(batch) for _ in range(16)]
    assert set(losses[0]) == {"t2i", "cells"} and losses[-1]["cells"] < 0.8 * losses[0]["cells"]
    stage.export(tmp_path / "model")
    assert not any("head" in name for name in stage.unet.state_dict())
    further = multitask(tmp_path / "model", tmp_path / "further", stage="base",
                        options={"label_weight": 0.1})
    assert (tmp_path / "model" / FILE).is_file()
    taken = build_stage(further).module.label_head.state_dict()
    for name, tensor in stage.module.label_head.state_dict().items():
        assert torch.equal(tensor, taken[name])


@requires_glyphs
def test_the_four_tasks_learn_what_stands_where_and_keep_their_finder(text_model, tmp_path):  # noqa: F811
    finder = Finder(192, (8, 16, 32), (1, 1, 1))
    finder.save_pretrained(tmp_path / "finder")
    options = OPTIONS | {"label_weight": 0.02, "finder": str(tmp_path / "finder")}
    trainer = trained(multitask(text_model, tmp_path, options=options))
    assert "cells" in trainer.train_step(
        trainer.stage.collate([trainer.stage.dataset()[i] for i in range(4)]))
    shipped = MTUPipeline.from_pretrained(tmp_path / "model").finder
    again = build_stage(multitask(tmp_path / "model", tmp_path / "again", options=OPTIONS)).finder
    for name, tensor in finder.state_dict().items():
        assert torch.equal(shipped.state_dict()[name], tensor)
        assert torch.equal(again.state_dict()[name], tensor)
    assert "_name_or_path" not in again.config  # where it came from is not shipped


def test_without_a_weight_nothing_is_asked(text_model, tmp_path):  # noqa: F811
    stage = build_stage(multitask(text_model, tmp_path, options=OPTIONS | {"label_weight": 0.0}))
    assert stage.module is stage.unet and stage.finder is None


def test_a_recipe_may_have_less_noisy_times(text_model, tmp_path):  # noqa: F811
    target, medians = torch.zeros(400, 1, 2, 2), []
    for extra in ({}, {"early_share": 0.0}, {"early_share": 0.0, "noise_shift": 0.4}):
        stage = build_stage(multitask(text_model, tmp_path, options=OPTIONS | extra))
        _, times = stage._noised(target, torch.Generator().manual_seed(0))
        medians.append(float(times.median()))
    assert medians[0] > medians[1] + 0.05 and medians[1] == pytest.approx(0.77, abs=0.03)
    assert medians[2] == pytest.approx(0.60, abs=0.03)
