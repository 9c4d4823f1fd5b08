"""The stem of enlarging: a small network at full resolution, before the UNet.

A UNet whose patches are wide sees a picture through few channels and cannot carry its detail. The
stem restores what a neighbourhood of a few pixels tells; the UNet reads its enlargement instead of
the bicubic one and learns the rest as a change of it. It works at the small picture's resolution
and has one output layer for each scale (MDSR, Lim et al. 2017, "Enhanced deep residual networks for
single image super-resolution", without its upsampling trunk: Shi et al. 2016's pixel shuffle).
Between its blocks it may go down to half that resolution and up again (one step of a U-Net,
Ronneberger et al. 2015): a convolution there reaches twice as far at a quarter of the cost.
"""

from collections.abc import Generator

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ConfigMixin
from diffusers.configuration_utils import register_to_config
from PIL import Image
from torch import nn

from .images import to_tensor
from .packing import PackedModel
from .sampling import exhaust
from .steps import Step
from .tiling import PREVIEW_SIDE

TILE = 256  # pixels of the small picture that are enlarged at a time


class Stem(PackedModel, ConfigMixin):
    """Enlarges pictures by one of `scales`; with fresh weights as bicubic interpolation does.

    channels: of every hidden layer. blocks: residual blocks of two convolutions. deep_blocks: as
    many more, of deep_channels, at half the resolution in the middle of the others. packed: its
    weights are saved in a byte each (packing.py).
    """

    @register_to_config
    def __init__(self, channels: int = 32, blocks: int = 4, scales: tuple[int, ...] = (2, 4),
                 deep_channels: int = 64, deep_blocks: int = 0, packed: bool = False):
        super().__init__()
        self.conv_in = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.ModuleList(Block(channels) for _ in range(blocks))
        self.deep = _Deep(channels, deep_channels, deep_blocks) if deep_blocks else None
        self.conv_out = nn.ModuleDict(
            {str(scale): nn.Conv2d(channels, 3 * scale**2, 3, padding=1) for scale in scales}
        )
        for last in self.conv_out.values():
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    @property
    def reach(self) -> int:
        """Pixels of the small picture, on every side, that a pixel's enlargement depends on."""
        shallow = 2 + 2 * len(self.body)
        return shallow + self.deep.reach if self.deep else shallow

    def forward(self, small: torch.Tensor, scale: int) -> torch.Tensor:
        """(B, 3, h, w) in [-1, 1] -> (B, 3, scale·h, scale·w), not clipped."""
        hidden = self.conv_in(small.to(self.dtype))
        for k, block in enumerate(self.body):
            if self.deep and k == len(self.body) // 2:
                hidden = self.deep(hidden)
            hidden = block(hidden)
        change = F.pixel_shuffle(self.conv_out[str(scale)](hidden), scale)
        return bicubic(small, scale) + change.float()

    def enlarge(self, image: Image.Image, scale: int) -> Image.Image:
        """An "RGB" picture of any size, `scale` times as large, in tiles that leave no seams.

        ValueError for a scale that this stem does not have.
        """
        return exhaust(self.steps(image, scale))

    @torch.no_grad()
    def steps(self, image: Image.Image, scale: int) -> Generator[Step, None, Image.Image]:
        """`enlarge`, tile by tile: yields a `Step` after each, with the picture so far."""
        if str(scale) not in self.conv_out:
            known = ", ".join(self.conv_out)
            raise ValueError(f"This stem enlarges by {known}, not by {scale!r}.")
        size = (image.width * scale, image.height * scale)
        out = np.array(image.resize(size, Image.Resampling.BICUBIC))
        coarse = -(-max(size) // PREVIEW_SIDE)
        tiles = [(left, top) for top in range(0, image.height, TILE)
                 for left in range(0, image.width, TILE)]
        for done, (left, top) in enumerate(tiles, start=1):
            self._enlarge_tile(image, scale, left, top, out)
            yield Step(done, len(tiles), Image.fromarray(out[::coarse, ::coarse]))
        return Image.fromarray(out)

    def _enlarge_tile(self, image, scale: int, left: int, top: int, out: np.ndarray) -> None:
        """One tile with as much around it as its pixels depend on, into its place in `out`."""
        right, bottom = min(left + TILE, image.width), min(top + TILE, image.height)
        x, y = max(left - self.reach, 0), max(top - self.reach, 0)
        x_end, y_end = min(right + self.reach, image.width), min(bottom + self.reach, image.height)
        around = to_tensor(image.crop((x, y, x_end, y_end)))
        large = self(around.to(self.device), scale)[0]
        levels = ((large + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        place = np.s_[scale * top : scale * bottom, scale * left : scale * right]
        inner = np.s_[scale * (top - y) : scale * (bottom - y),
                      scale * (left - x) : scale * (right - x)]  # fmt: skip
        out[place] = levels.permute(1, 2, 0).cpu().numpy()[inner]


def enlarge(image: Image.Image, size: tuple[int, int], stem: Stem | None = None) -> Image.Image:
    """An "RGB" picture at `size` (width, height): by the stem, or bicubic where there is none."""
    if stem is None:
        return image.resize(size, Image.Resampling.BICUBIC)
    return stem.enlarge(image, size[0] // image.width)


class Block(nn.Module):
    """x + conv(relu(conv(x))), (B, C, h, w)"""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + self.second(F.relu(self.first(hidden)))


class _Deep(nn.Module):
    """x + what blocks at half its resolution make of it, (B, C, h, w); h and w may be odd."""

    def __init__(self, channels: int, deep_channels: int, blocks: int):
        super().__init__()
        self.down = nn.Conv2d(channels, deep_channels, 3, stride=2, padding=1)
        self.body = nn.ModuleList(Block(deep_channels) for _ in range(blocks))
        self.up = nn.Conv2d(deep_channels, 4 * channels, 1)

    @property
    def reach(self) -> int:
        """Pixels of x on every side; even, so that tiles fall on the halves' grid."""
        return 4 + 4 * len(self.body)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        height, width = hidden.shape[-2:]
        half = self.down(hidden)
        for block in self.body:
            half = block(half)
        return hidden + F.pixel_shuffle(self.up(half), 2)[..., :height, :width]


def bicubic(small: torch.Tensor, scale: int) -> torch.Tensor:
    """Pillow's: with `antialias` torch takes its kernel (a = −0.5) and its borders."""
    return F.interpolate(small.float(), scale_factor=scale, mode="bicubic", antialias=True)
