"""A UNet in training, and what its features are asked beside what it predicts.

The squared error of pixels hardly says which thing stands where: a cat drawn twice is nearly as
near to a cat and a dog as a blurred dog is. So a linear layer on the features between the UNet's
two halves tells, for each cell of the picture, the thing, its colour, and the part of it that lies
there; the error of that is added to the loss, and the layer is not shipped. What representation
alignment takes from a pretrained encoder (Yu et al. 2025, arXiv 2410.06940), the world gives here
exactly.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from mtu.playground.vocabulary import COLORS, THINGS

NUMBERS = {"thing": len(THINGS) + 1, "color": len(COLORS) + 1, "where": 3}
WHERE = 10.0  # weight of the squared error of where in the thing a cell lies, and its size
FILE = "label_head.safetensors"  # beside a base's unet, for the stage that goes on from it


class Asked(nn.Module):
    """A UNet with a head for the cells' labels. The UNet is not changed, and can be used alone."""

    def __init__(self, unet: nn.Module):
        super().__init__()
        self.unet = unet
        self.label_head = head(unet.config.block_out_channels[-1])
        self._seen: torch.Tensor | None = None
        unet.up_blocks[0].register_forward_hook(self._keep)

    def _keep(self, block, args, features: torch.Tensor) -> None:
        self._seen = features

    def forward(self, *args, **kwargs) -> tuple[torch.Tensor, torch.Tensor]:
        """The UNet's arguments -> what it predicts (B, C, h, w), and its features' answers (B,
        sum(NUMBERS), h', w')."""
        sample = self.unet(*args, **kwargs).sample
        seen, self._seen = self._seen, None
        return sample, self.label_head(seen.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def load_head(self, folder: Path) -> None:
        """Take the head that `save_head` wrote to `folder`, if there is one."""
        if (folder / FILE).is_file():
            self.label_head.load_state_dict(load_file(folder / FILE))

    def save_head(self, folder: Path) -> None:
        """Write the head, for a stage that goes on from this one."""
        save_file(self.label_head.state_dict(), folder / FILE)


def head(channels: int) -> nn.Module:
    """From features (B, h, w, C) to answers (B, h, w, sum(NUMBERS))."""
    return nn.Sequential(nn.LayerNorm(channels, elementwise_affine=False),
                         nn.Linear(channels, sum(NUMBERS.values())))


def label_errors(answers: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Per row (B,): the cross-entropy of thing and colour over the cells, by `weight` (B, 1, h, w),
    and the squared error of the part, on cells with a thing. labels: `cell_labels` of each row,
    negative where it does not say; 0 there."""
    answers, labels = answers.float(), labels.to(answers.device)
    told = (labels[:, 0] >= 0).float()
    weight = weight.to(answers.device)[:, 0]
    things, colors, where = answers.split(list(NUMBERS.values()), 1)
    found, color = labels[:, :2].long().clamp(min=0).unbind(1)
    there = (found > 0).float()
    said = F.cross_entropy(things, found, reduction="none")
    said = said + there * F.cross_entropy(colors, color, reduction="none")
    said = said + WHERE * there * (where - labels[:, 2:]).square().mean(1)
    return (said * weight * told).mean((1, 2))
