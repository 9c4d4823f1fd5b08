"""A folded UNet that changes its task equals one folded for that task."""

import pytest
import torch
from tiny_unets import TASKS, tiny_condition, tiny_inputs, tiny_mtu

from mtu import MTUConfig
from mtu.switch import FoldedTask


@torch.no_grad()
@pytest.mark.parametrize("experts", [1, 4])
def test_switched_equals_folded_and_takes_no_more_memory(shape, experts):
    model = tiny_mtu(shape, MTUConfig(num_experts=experts))
    folded, inputs, condition = FoldedTask(model, "sr"), tiny_inputs(shape), tiny_condition()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    places = {n: p.data_ptr() for n, p in folded.unet.named_parameters() if "conv_in" not in n}
    for task in ("inpaint", "t2i", "sr", "edit"):
        folded.switch(task)
        assert folded.task == task
        assert folded.unet.config.in_channels == 4 + TASKS[task]
        sample = torch.cat([inputs["sample"], condition[:, : TASKS[task]]], dim=1)
        switched = folded.unet(**(inputs | {"sample": sample})).sample
        expected = model.fold(task)(**(inputs | {"sample": sample})).sample
        assert torch.equal(switched, expected)
        own = dict(folded.unet.named_parameters())
        assert {name: own[name].data_ptr() for name in places} == places
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_an_unknown_task_is_refused_and_nothing_changes(shape):
    folded = FoldedTask(tiny_mtu(shape), "edit")
    with pytest.raises(ValueError, match="unknown task 'colourise'; this model has t2i, edit"):
        folded.switch("colourise")
    assert folded.task == "edit"
    assert folded.unet.conv_in.in_channels == 4 + TASKS["edit"]
