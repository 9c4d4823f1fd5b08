"""What trains: the paper's set, all of it, and nothing else."""

import re

import pytest
import torch
from tiny_unets import tiny_condition, tiny_inputs, tiny_unet

from mtu import MTUConfig, MTUUNet2DConditionModel

TRAINABLE = re.compile(
    r"task_embedding"
    r"|conv_in\.(t2i|edit|sr|inpaint)\.(weight|bias)"
    r"|.+\.transformer_blocks\.\d+\.ff\.(net\.0\.proj|net\.2|router\.fc[12])\.(weight|bias)"
    r"|.+\.transformer_blocks\.\d+\.norm3\.(weight|bias)"
)
FROZEN = re.compile(
    r"(conv_norm_out|conv_out|time_embedding\.linear_[12]|add_embedding\.linear_[12])\..+"
    r"|.+\.(resnets|downsamplers|upsamplers)\..+"
    r"|.+\.attentions\.\d+\.(norm|proj_in|proj_out)\.(weight|bias)"
    r"|.+\.transformer_blocks\.\d+\.(norm[12]|attn[12])\..+"
)


def loss_of(model, inputs, tasks, condition):
    return model(**inputs, task=tasks, condition=condition).sample.square().mean()


def test_the_trainable_and_the_frozen_tensors_by_name(shape, tmp_path):
    model = MTUUNet2DConditionModel.from_unet(tiny_unet(shape))
    model.save_pretrained(tmp_path)
    for version in (model, MTUUNet2DConditionModel.from_pretrained(tmp_path)):
        names = dict(version.named_parameters())
        trainable = {name for name in names if TRAINABLE.fullmatch(name)}
        frozen = {name for name in names if FROZEN.fullmatch(name)}
        assert trainable | frozen == set(names)
        assert not trainable & frozen
        assert {name for name in names if names[name].requires_grad} == trainable
        assert {id(p) for p in version.trainable_parameters()} == {id(names[n]) for n in trainable}


def test_one_expert_leaves_the_router_nothing_to_learn():
    model = MTUUNet2DConditionModel.from_unet(tiny_unet("sdxl"), MTUConfig(num_experts=1))
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert {name for name in frozen if "router" in name or "task" in name} == {
        name for name, _ in model.named_parameters() if "router" in name or "task" in name
    }
    loss_of(model, tiny_inputs("sdxl"), "t2i", None).backward()
    others = {"conv_in.edit", "conv_in.sr", "conv_in.inpaint"}
    missing = {n for n, p in model.named_parameters() if p.requires_grad and p.grad is None}
    assert {name.rsplit(".", 1)[0] for name in missing} == others


@pytest.mark.parametrize("checkpointing", [False, True])
def test_gradients_reach_the_whole_set_after_one_step(shape, checkpointing):
    model = MTUUNet2DConditionModel.from_unet(tiny_unet(shape)).train()
    if checkpointing:
        model.enable_gradient_checkpointing()
    inputs, condition = tiny_inputs(shape), tiny_condition()
    tasks = ["sr", "t2i", "inpaint", "t2i"]  # no edit in this batch
    frozen = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    optimizer = torch.optim.SGD(model.trainable_parameters(), lr=0.05)
    for _ in range(2):  # a zero last layer lets nothing through to the rest of the router yet
        optimizer.zero_grad()
        loss_of(model, inputs, tasks, condition).backward()
        optimizer.step()
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            assert parameter.grad is None, name
            assert torch.equal(parameter, frozen[name]), name
        elif "conv_in.edit" in name:
            assert parameter.grad is None, name
        elif "norm3" in name or name == "task_embedding":  # stacked: a row per task
            reached = parameter.grad.abs().sum(dim=1) > 0
            assert reached.tolist() == [True, False, True, True], name
        else:
            assert parameter.grad.abs().sum() > 0, name


def test_checkpointing_recomputes_with_the_tasks_it_ran_with(shape):
    inputs, condition = tiny_inputs(shape), tiny_condition()
    grads = []
    for checkpointing in (False, True):
        model = MTUUNet2DConditionModel.from_unet(tiny_unet(shape)).train()
        with torch.no_grad():
            for parameter in model.trainable_parameters():
                parameter += 0.1 * torch.sin(torch.arange(parameter.numel())).view_as(parameter)
        if checkpointing:
            model.enable_gradient_checkpointing()
        # two batches of different tasks run before either one's backward
        losses = [loss_of(model, inputs, t, condition) for t in ("edit", ["t2i", "sr"] * 2)]
        sum(losses).backward()
        grads.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    plain, recomputed = grads
    assert plain.keys() == recomputed.keys()
    for name in plain:
        torch.testing.assert_close(recomputed[name], plain[name], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("kernel", [1, 3])
def test_trains_in_bf16_autocast_with_channels_last(kernel):
    base = tiny_unet("sd15", conv_in_kernel=kernel).float()
    model = MTUUNet2DConditionModel.from_unet(base).to(memory_format=torch.channels_last).train()
    inputs = {key: value.float() for key, value in tiny_inputs("sd15").items()}
    inputs["sample"] = inputs["sample"].to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        output = model(
            **inputs, task=["edit", "t2i", "edit", "sr"], condition=tiny_condition().float()
        ).sample
    assert output.dtype == torch.bfloat16
    assert output.is_contiguous(memory_format=torch.channels_last)
    output.float().square().mean().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_training_the_upcycled_model_leaves_the_base_alone(shape):
    base, inputs = tiny_unet(shape), tiny_inputs(shape)
    flags = {name: p.requires_grad for name, p in base.named_parameters()}
    before = base(**inputs).sample
    model = MTUUNet2DConditionModel.from_unet(base)
    loss_of(model, inputs, "t2i", None).backward()
    torch.optim.SGD(model.trainable_parameters(), lr=0.1).step()
    assert torch.equal(base(**inputs).sample, before)
    assert {name: p.requires_grad for name, p in base.named_parameters()} == flags
    assert all(p.grad is None for p in base.parameters())
