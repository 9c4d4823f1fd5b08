"""One folded UNet that changes its task in place."""

import torch
from torch import nn

from .experts import ExpertFeedForward
from .norms import TaskLayerNorm
from .unet import MTUUNet2DConditionModel


class FoldedTask:
    """`unet`, the plain UNet of one task, and `switch` to make it another's (METHOD §4.3).

    `MTUUNet2DConditionModel.fold` builds a UNet, which takes longer than a step on a GPU. Here the
    output projections are rewritten where they lie, W2·diag(gate), norms are copied, and the input
    convolution is the model's own, so that all tasks take the memory of one folded task. The
    model's tensors stay as they are; after training them, `switch` again.
    """

    def __init__(self, model: MTUUNet2DConditionModel, task: str):
        self.model = model
        self.unet = model.fold(task)
        self.task = task
        plain = dict(self.unet.named_modules())
        self._pairs = [
            (module, plain[name])
            for name, module in model.named_modules()
            if isinstance(module, (ExpertFeedForward, TaskLayerNorm))
        ]

    @torch.no_grad()
    def switch(self, task: str) -> None:
        """Make `unet` equal to `model.fold(task)`. ValueError for an unknown task, by name."""
        if task not in self.model.task_names:
            names = ", ".join(self.model.task_names)
            raise ValueError(f"unknown task {task!r}; this model has {names}")
        index = self.model.task_names.index(task)
        for module, plain in self._pairs:
            if isinstance(module, TaskLayerNorm):
                plain.weight.copy_(module.weight[index])
                plain.bias.copy_(module.bias[index])
            elif module.num_experts > 1:  # one expert's projection is the model's own
                gate = module.gates(self.model.task_embedding[index])
                torch.mul(module.net[2].weight, gate, out=plain.net[2].weight)
        conv = self.model.conv_in[task]
        self.unet.conv_in.weight = nn.Parameter(conv.weight.detach(), requires_grad=False)
        self.unet.conv_in.bias = nn.Parameter(conv.bias.detach(), requires_grad=False)
        self.unet.conv_in.in_channels = conv.in_channels
        self.unet.register_to_config(in_channels=conv.in_channels)
        self.task = task
