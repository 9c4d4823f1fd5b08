"""A UNet in training, and what its features are asked beside what it predicts.

The squared error of pixels hardly says which thing stands where: a cat drawn twice is nearly as
near to a cat and a dog as a blurred dog is. So a linear layer on the features between the UNet's
two halves tells, for each cell of the picture, the thing, its colour, and the part of it that lies
there; the error of that is added to the loss, and the layer is not shipped. What representation
alignment takes from a pretrained encoder (Yu et al. 2025, arXiv 2410.06940), the world gives here
exactly. A finder (mtu/finder.py) learns where a change belongs; it is shipped.
"""

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from mtu.finder import Finder, Watch
from mtu.playground.vocabulary import COLORS, THINGS

NUMBERS = {"thing": len(THINGS) + 1, "color": len(COLORS) + 1, "where": 3}
WHERE = 10.0  # weight of the squared error of where in the thing a cell lies, and its size
NOISY = 0.96  # a finder learns from the rows above this time: it is asked at pure noise
FILE = "label_head.safetensors"  # beside a base's unet, for the stage that goes on from it


class Answers(NamedTuple):
    """sample (B, C, h, w), what the UNet predicts; labels (B, sum(NUMBERS), h, w) and found
    (B, 1, h, w), logits of its features' answers, None where they are not asked."""

    sample: torch.Tensor
    labels: torch.Tensor | None
    found: torch.Tensor | None


class Asked(nn.Module):
    """A UNet with a head for the cells' labels, a finder, or both. The UNet is not changed, and
    can be used alone."""

    def __init__(self, unet: nn.Module, labels: bool = True, finder: Finder | None = None):
        super().__init__()
        self.unet, self.finder, self.label_head = unet, finder, None
        if labels:
            channels = unet.config.block_out_channels[-1]
            self.label_head = nn.Sequential(
                nn.LayerNorm(channels, elementwise_affine=False),
                nn.Linear(channels, sum(NUMBERS.values())))
        self._watch = Watch(unet)

    def forward(self, *args, **kwargs) -> Answers:
        """The UNet's arguments -> Answers."""
        sample = self.unet(*args, **kwargs).sample
        middle, last = self._watch.take()
        labels, found = None, None
        if self.label_head is not None:
            labels = self.label_head(middle.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        if self.finder is not None:
            found = self.finder(middle, last)
        return Answers(sample, labels, found)

    def load_head(self, folder: Path) -> None:
        """Take the head that `save_head` wrote to `folder`, if there is one."""
        if self.label_head is not None and (folder / FILE).is_file():
            self.label_head.load_state_dict(load_file(folder / FILE))

    def save_head(self, folder: Path) -> None:
        """Write the head, for a stage that goes on from this one."""
        if self.label_head is not None:
            save_file(self.label_head.state_dict(), folder / FILE)


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


def find_errors(found: torch.Tensor, changed: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
    """Per row (B,): the cross-entropy of where the change belongs. changed: (B, 1, h, w), 1 where
    target and source differ, negative in rows that are not asked; those are 0, and so are the
    rows that are not noisy, for there the sample itself tells."""
    changed = changed.to(found.device)
    asked = (changed >= 0).flatten(1).all(1) & (times.to(found.device) > NOISY)
    errors = F.binary_cross_entropy_with_logits(
        found.float(), changed.clamp(min=0), reduction="none")
    return errors.mean((1, 2, 3)) * asked
