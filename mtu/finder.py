"""Where a change belongs: a small network that looks at the picture and reads the words.

What other methods infer from the difference of two predictions (Couairon et al. 2022, DiffEdit)
is learned here, for every row of training knows its answer. The words come from the backbone's own
text encoder; what stands in a cell the finder sees for itself, for a UNet whose patches pass
through a few hundred channels keeps too little of a thing to know it by its name.
"""

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ConfigMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.attention import BasicTransformerBlock
from scipy import ndimage
from torch import nn

from .compose import GLOBAL_SHARE
from .packing import PackedModel

CELL = 16  # pixels
HEAD = 32  # channels of an attention head
WAVES = 4  # across and down, that tell where a cell is
HIDDEN = -10_000.0  # added to the logits of tokens that are none
WEAK = 0.3  # the probability from which a cell may belong to the change; too few do more harm
SURE = 0.6  # and one that it must reach somewhere, or nothing in the picture is meant
STRONG = 0.95  # of the highest probability: a change holds a cell that is this sure


class Finder(PackedModel, ConfigMixin):
    """Tells for each cell of CELL × CELL pixels of a picture whether a request changes it.

    text_width: of the text encoder's states. widths: channels at a quarter, an eighth and a
    sixteenth of the picture's resolution; depths: residual blocks there. layers: transformer
    blocks that read the words (diffusers' own), with heads of 32 channels; the last one lets the
    cells see one another too. packed: its weights are saved in a byte each (packing.py).
    """

    @register_to_config
    def __init__(self, text_width: int = 192, widths: tuple[int, int, int] = (32, 64, 96),
                 depths: tuple[int, int, int] = (1, 2, 3), layers: int = 2,
                 packed: bool = False):
        super().__init__()
        fine, middle, width = widths
        levels = [nn.Sequential(*(_Block(channels) for _ in range(depth)))
                  for channels, depth in zip(widths, depths, strict=True)]
        self.eye = nn.Sequential(
            nn.Conv2d(3, fine, 4, stride=4), levels[0],
            nn.Conv2d(fine, middle, 2, stride=2), levels[1],
            nn.Conv2d(middle, width, 2, stride=2), levels[2])
        self.place = nn.Linear(4 * WAVES, width)
        self.reading = nn.ModuleList(
            BasicTransformerBlock(width, width // HEAD, HEAD, cross_attention_dim=text_width,
                                  activation_fn="gelu", ff_inner_dim=2 * width,
                                  only_cross_attention=k < layers - 1)
            for k in range(layers))
        self.norm = nn.LayerNorm(width)
        self.conv_out = nn.Conv2d(width, 1, 3, padding=1)

    def see(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pictures (B, 3, H, W) in [-1, 1], sides multiples of CELL -> what stands in their cells,
        whatever is asked of them: (B, C, H/CELL, W/CELL)."""
        return self.eye(pixels.to(self.dtype))

    def forward(self, pixels: torch.Tensor, states: torch.Tensor,
                mask: torch.Tensor | None = None) -> torch.Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] and the words' states (B, L, D), with 1 in mask (B, L)
        on real tokens -> logits (B, 1, H/CELL, W/CELL)."""
        return self.find(self.see(pixels), states, mask)

    def find(self, seen: torch.Tensor, states: torch.Tensor,
             mask: torch.Tensor | None = None) -> torch.Tensor:
        """`forward` of what `see` gave; several rows of states for each of its rows, in turn."""
        count, _, height, width = seen.shape
        cells = seen.flatten(2).transpose(1, 2)  # (B, h·w, C)
        cells = cells + self.place(_waves(height, width, cells))
        cells = cells.repeat_interleave(len(states) // count, 0)
        bias = None if mask is None else (1 - mask[:, None].to(cells)) * HIDDEN  # (B, 1, L)
        for layer in self.reading:
            first = bias if layer.only_cross_attention else None  # else the cells are attended to
            cells = layer(cells, first, states.to(cells), bias)
        cells = self.norm(cells).transpose(1, 2).unflatten(2, (height, width))
        return self.conv_out(cells)


class _Block(nn.Module):
    """x + conv1×1(conv3×3(conv1×1(norm(x)))) at half the width (He et al. 2016), (B, C, h, w)"""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.narrow = nn.Conv2d(width, width // 2, 1)
        self.spatial = nn.Conv2d(width // 2, width // 2, 3, padding=1)
        self.widen = nn.Conv2d(width // 2, width, 1)
        nn.init.zeros_(self.widen.weight)
        nn.init.zeros_(self.widen.bias)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        inner = F.gelu(self.spatial(F.gelu(self.narrow(self.norm(hidden)))))
        return hidden + self.widen(inner)


def _waves(height: int, width: int, like: torch.Tensor) -> torch.Tensor:
    """Where cells are, row by row: (h·w, 4·WAVES) sines and cosines across and down, so that
    left and right are the picture's whatever its size."""
    places = []
    for length, axis in ((width, 1), (height, 0)):
        middle = (torch.arange(length, device=like.device) + 0.5) / length
        turns = torch.pi * middle[:, None] * torch.arange(1, WAVES + 1, device=like.device)
        waves = torch.cat([turns.sin(), turns.cos()], 1)
        shape = (1, width, -1) if axis else (height, 1, -1)
        places.append(waves.view(*shape).expand(height, width, -1))
    return torch.cat(places, -1).flatten(0, 1).to(like)


def chosen_cells(logits: torch.Tensor) -> torch.Tensor:
    """The cells that change, of logits (1, 1, h, w), as 0 and 1: none if nothing is likely to, all
    if so much is that the picture changes as a whole.

    An edit is about one thing, so of several parts of the picture that may be meant those count
    which are surest: cells above WEAK that touch, among them one near the highest probability
    (hysteresis, Canny 1986, "A computational approach to edge detection").
    """
    chance = logits[0, 0].float().sigmoid().cpu().numpy()
    surest = chance >= max(SURE, STRONG * chance.max())
    found = ndimage.binary_propagation(surest, np.ones((3, 3)), chance > WEAK)
    cells = torch.from_numpy(found)[None, None].to(logits)
    return torch.ones_like(cells) if cells.mean() > GLOBAL_SHARE else cells
