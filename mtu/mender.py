"""A small U-Net that mends the pictures of another network: what both that are shipped share.

It works at a half, a quarter and an eighth of the resolution (Ronneberger et al. 2015) and makes a
change of the picture, none with fresh weights. A network trained on pairs takes out what coding in
blocks, drawing in patches or enlarging has left (Dong et al. 2015, "Compression artifacts reduction
by a deep convolutional network").
"""

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin
from torch import nn

from .packing import PackedModel
from .stem import Block

MULTIPLE = 8  # of the sides of what it mends, in pixels


class Mender(PackedModel, ConfigMixin):
    """Mends pictures; with fresh weights it leaves them alone.

    widths: channels at a half, a quarter and an eighth of the resolution. depths: residual blocks
    there, at the first two on the way down and as many on the way up. patch_size: in pixels, a
    multiple of 2; it is told where in its patch a pixel lies. near: pixels, across and down, whose
    range a pixel stays in.
    """

    def __init__(self, widths: tuple[int, int, int], depths: tuple[int, int, int],
                 patch_size: int, near: int):
        super().__init__()
        fine, middle, coarse = widths
        self.patch_size, self.near = patch_size, near
        self.conv_in = nn.Conv2d(12, fine, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(1, fine, patch_size // 2, patch_size // 2))
        self.fine_in, self.fine_out = (_blocks(fine, depths[0]) for _ in range(2))
        self.down_middle = nn.Conv2d(fine, middle, 3, stride=2, padding=1)
        self.middle_in, self.middle_out = (_blocks(middle, depths[1]) for _ in range(2))
        self.down_coarse = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.coarse = _blocks(coarse, depths[2])
        self.up_middle = nn.Conv2d(coarse, 4 * middle, 1)
        self.up_fine = nn.Conv2d(middle, 4 * fine, 1)
        self.conv_out = nn.Conv2d(fine, 12, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) in [-1, 1], sides multiples of MULTIPLE and of the patch's -> the same. No
        pixel leaves the range of those near it, so that an edge grows sharp but nothing bright is
        put beside it."""
        folded = F.pixel_unshuffle(pixels.to(self.dtype), 2)
        repeats = [length // side for length, side in
                   zip(folded.shape[-2:], self.place.shape[-2:], strict=True)]
        fine = self.fine_in(self.conv_in(folded) + self.place.repeat(1, 1, *repeats))
        middle = self.middle_in(self.down_middle(fine))
        coarse = self.coarse(self.down_coarse(middle))
        middle = self.middle_out(middle + F.pixel_shuffle(self.up_middle(coarse), 2))
        fine = self.fine_out(fine + F.pixel_shuffle(self.up_fine(middle), 2))
        mended = pixels + F.pixel_shuffle(self.conv_out(fine), 2).float()
        return within(mended, pixels, self.near)


def within(changed: torch.Tensor, pixels: torch.Tensor, near: int) -> torch.Tensor:
    """`changed` (B, C, H, W), every value kept in the range of what lies up to `near` pixels from
    it, across and down, in `pixels`."""
    window = (2 * near + 1, 1, near)
    least, most = -F.max_pool2d(-pixels, *window), F.max_pool2d(pixels, *window)
    return torch.minimum(torch.maximum(changed, least), most)


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(channels) for _ in range(count)))
