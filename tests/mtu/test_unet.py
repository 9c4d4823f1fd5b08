"""The upcycled UNet computes what the base, the folded UNets and single rows compute."""

import copy

import pytest
import torch
from diffusers.models.attention import BasicTransformerBlock
from tiny_unets import (
    TASKS,
    relative_error,
    row,
    tiny_condition,
    tiny_inputs,
    tiny_mtu,
    tiny_unet,
)

from mtu import MTUConfig, MTUUNet2DConditionModel
from mtu.experts import ExpertFeedForward

MIXED = ["inpaint", "t2i", "sr", "edit"]


@torch.no_grad()
@pytest.mark.parametrize("experts", [1, 2, 8])
def test_text_to_image_equals_the_base_at_step_0(shape, experts):
    base, inputs = tiny_unet(shape), tiny_inputs(shape)
    model = MTUUNet2DConditionModel.from_unet(base, MTUConfig(num_experts=experts))
    expected = base(**inputs).sample
    assert relative_error(model(**inputs, task="t2i").sample, expected) <= 1e-12
    # the condition's channels start at zero, so a mixed batch starts at the base too
    mixed = model(**inputs, task=MIXED, condition=tiny_condition()).sample
    assert relative_error(mixed, expected) <= 1e-12


@torch.no_grad()
def test_paper_init_does_not_equal_the_base(shape):
    base, inputs = tiny_unet(shape), tiny_inputs(shape)
    model = MTUUNet2DConditionModel.from_unet(base, MTUConfig(init="paper"))
    assert relative_error(model(**inputs, task="t2i").sample, base(**inputs).sample) > 1e-3


@torch.no_grad()
@pytest.mark.parametrize("config", [MTUConfig(), MTUConfig(init="paper"), MTUConfig(num_experts=1)])
def test_folded_equals_unfolded_for_each_task(shape, config):
    model, inputs, condition = tiny_mtu(shape, config), tiny_inputs(shape), tiny_condition()
    outputs = []
    for task, channels in TASKS.items():
        unfolded = model(**inputs, task=task, condition=condition).sample
        sample = torch.cat([inputs["sample"], condition[:, :channels]], dim=1)
        folded = model.fold(task)(**(inputs | {"sample": sample})).sample
        assert relative_error(folded, unfolded) <= 1e-12
        outputs.append(unfolded)
    for task, output in enumerate(outputs[1:]):
        assert relative_error(output, outputs[task]) > 1e-3  # tasks differ


@torch.no_grad()
def test_folded_shares_every_frozen_tensor_and_is_shaped_as_the_base(shape):
    base, model = tiny_unet(shape), tiny_mtu(shape)
    frozen = {k: p.data_ptr() for k, p in model.named_parameters() if not p.requires_grad}
    for task, channels in TASKS.items():
        folded = model.fold(task)
        own = dict(folded.named_parameters())
        assert {name: own[name].data_ptr() for name in frozen} == frozen
        shapes = {k: v.shape for k, v in base.state_dict().items()}
        differing = {k for k, v in folded.state_dict().items() if v.shape != shapes.pop(k)}
        assert not shapes
        assert differing == ({"conv_in.weight"} if channels else set())
        assert folded.config.in_channels == folded.conv_in.in_channels == 4 + channels
    with pytest.raises(ValueError, match="t2i, edit, sr, inpaint"):
        model.fold("colourise")


@torch.no_grad()
def test_what_was_trained_on_when_folded_is_taken_back(shape):
    model, inputs, condition = tiny_mtu(shape), tiny_inputs(shape), tiny_condition()
    further = copy.deepcopy(model.fold("t2i"))
    generator = torch.Generator().manual_seed(5)
    for value in further.parameters():
        value += 0.05 * torch.randn(value.shape, generator=generator, dtype=value.dtype)
    before = model(**inputs, task=MIXED, condition=condition).sample
    model.unfold("t2i", further)
    after = model(**inputs, task=MIXED, condition=condition).sample
    assert relative_error(model(**inputs, task="t2i").sample, further(**inputs).sample) <= 1e-10
    own = model.fold("t2i").state_dict()
    for name, value in further.state_dict().items():
        torch.testing.assert_close(own[name], value, rtol=0, atol=1e-12)
    for k in range(4):  # what the tasks share has changed for all of them
        assert relative_error(after[k], before[k]) > 1e-4


def evenly_routed(shape):
    """`tiny_mtu` and its expert layers, whose gates are not far from even."""
    model = tiny_mtu(shape)
    layers = [module for module in model.modules() if isinstance(module, ExpertFeedForward)]
    for layer in layers:
        layer.router.fc2.weight *= 0.1
    return model, layers


@torch.no_grad()
def test_what_was_not_trained_when_folded_leaves_every_task_as_it_was(shape):
    (model, _), inputs, condition = evenly_routed(shape), tiny_inputs(shape), tiny_condition()
    before = model(**inputs, task=MIXED, condition=condition).sample
    model.unfold("t2i", copy.deepcopy(model.fold("t2i")))
    assert relative_error(model(**inputs, task=MIXED, condition=condition).sample, before) <= 1e-12


@torch.no_grad()
@pytest.mark.parametrize("wear", ["closed", "dead"])
def test_a_worn_router_begins_again_when_the_folded_is_taken_back(shape, wear):
    """A gate of 1e-9 would be divided out of W2, and another task's of 1e-3 multiply it again."""
    (model, layers), inputs = evenly_routed(shape), tiny_inputs(shape)
    assert not any(layer.router.worn(model.task_embedding) for layer in layers)
    worn = layers[0].router
    if wear == "closed":
        worn.fc2.bias[1] -= 20.0
    else:
        worn.fc1.bias -= 100.0
    others = [layer.router.weights(model.task_embedding) for layer in layers[1:]]
    further = copy.deepcopy(model.fold("t2i"))
    for value in further.parameters():
        value += 0.05
    model.unfold("t2i", further)
    assert relative_error(model(**inputs, task="t2i").sample, further(**inputs).sample) <= 1e-10
    assert (worn.fc1(model.task_embedding) > 0).any()
    torch.testing.assert_close(worn(model.task_embedding), torch.ones(4, 4).double())
    for layer, weights in zip(layers[1:], others, strict=True):
        assert torch.equal(layer.router.weights(model.task_embedding), weights)
    assert layers[0].net[2].weight.abs().max() < 10


def test_a_unet_of_another_shape_is_not_taken_back():
    with pytest.raises(ValueError, match="not of the folded one's shape"):
        tiny_mtu("sd15").unfold("t2i", tiny_unet("sdxl"))


@torch.no_grad()
def test_a_row_in_a_mixed_batch_equals_that_row_alone(shape):
    model, inputs, condition = tiny_mtu(shape), tiny_inputs(shape), tiny_condition()
    for tasks in (MIXED, torch.tensor([0, 1, 2, 3]), ["edit", "edit", "t2i", "edit"]):
        mixed = model(**inputs, task=tasks, condition=condition).sample
        for i in range(4):
            alone = model(**row(inputs, i), task=tasks[i : i + 1], condition=condition[i : i + 1])
            assert relative_error(alone.sample, mixed[i : i + 1]) <= 1e-10


@torch.no_grad()
def test_a_mixed_batch_calls_each_transformer_block_once(shape):
    model = tiny_mtu(shape)
    calls = []
    blocks = [m for m in model.modules() if isinstance(m, BasicTransformerBlock)]
    for block in blocks:
        block.register_forward_hook(lambda block, *_: calls.append(block))
    model(**tiny_inputs(shape), task=MIXED, condition=tiny_condition())
    assert len(calls) == len(blocks) > 1
    assert set(calls) == set(blocks)


@torch.no_grad()
def test_a_copy_made_after_a_forward_stands_alone(shape):
    model, inputs, condition = tiny_mtu(shape), tiny_inputs(shape), tiny_condition()
    before = model(**inputs, task=MIXED, condition=condition).sample
    twin = copy.deepcopy(model)
    twin.task_embedding.normal_()
    twin(**inputs, task="t2i")
    assert model.rows.batch.tasks == (3, 0, 2, 1)
    assert torch.equal(model(**inputs, task=MIXED, condition=condition).sample, before)
    changed = twin(**inputs, task=MIXED, condition=condition).sample
    assert relative_error(changed, before) > 1e-4


def test_router_weights_per_task_block_and_expert(shape):
    model = MTUUNet2DConditionModel.from_unet(tiny_unet(shape))
    blocks = sum(isinstance(m, BasicTransformerBlock) for m in model.modules())
    assert torch.equal(model.router_weights(), torch.full((4, blocks, 4), 0.25).double())
    weights = tiny_mtu(shape).router_weights()
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, blocks).double())
    assert weights.std(dim=0).min() > 0  # every router tells the tasks apart


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "colourise"}, "unknown task 'colourise'; this model has t2i, edit, sr, inpaint"),
        ({"task": torch.tensor([0, 1, 2, 4])}, "unknown task 4"),
        ({"task": ["t2i"] * 3}, "3 tasks for a batch of 4"),
        ({"task": ["t2i"] * 3 + ["sr"], "condition": None}, "condition of 5 channels"),
        ({"task": "inpaint", "condition": tiny_condition(channels=5)}, ">=7"),
        ({"task": "sr", "condition": tiny_condition()[:, :, :4]}, "expected"),
        ({"task": "sr", "condition": tiny_condition(batch=1)}, "expected"),
    ],
)
def test_wrong_tasks_and_conditions_are_refused(changes, message):
    arguments = tiny_inputs("sd15") | {"condition": tiny_condition()} | changes
    with pytest.raises(ValueError, match=message):
        tiny_mtu("sd15")(**arguments)


def test_a_unet_without_feed_forwards_is_refused():
    plain = tiny_unet("sd15", down_block_types=("DownBlock2D",) * 2, mid_block_type=None,
                      up_block_types=("UpBlock2D",) * 2)  # fmt: skip
    with pytest.raises(ValueError, match="no transformer block"):
        MTUUNet2DConditionModel.from_unet(plain)
    with pytest.raises(ValueError, match="divide"):
        MTUUNet2DConditionModel.from_unet(tiny_unet("sd15"), MTUConfig(num_experts=7))
