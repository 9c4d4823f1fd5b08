"""What mends the borders of patches in a drawn picture, after the last step.

A UNet whose patches are wide draws each through fewer channels than the patch has values, so that
its pictures show their grid, and speckles where detail should be. Pictures that were coded in
blocks have the same fault, and the same remedy: a convolutional network, trained on pairs, takes
it out (Dong et al. 2015, "Compression artifacts reduction by a deep convolutional network"). This
one is a small U-Net (Ronneberger et al. 2015) at a half, a quarter and an eighth of the picture's
resolution, which is told where in its patch a pixel lies.
"""

import re

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin
from diffusers.configuration_utils import register_to_config
from PIL import Image
from torch import nn

from .images import to_pil, to_tensor
from .packing import PackedModel
from .stem import Block

NEAR = 2  # pixels, across and down, whose range a pixel stays in


class Deblocker(PackedModel, ConfigMixin):
    """Mends pictures that were drawn in patches; with fresh weights it leaves them alone.

    widths: channels at a half, a quarter and an eighth of the resolution. depths: residual blocks
    there, at the first two on the way down and as many on the way up. patch_size: of the patches,
    in pixels, a multiple of 2. packed: its weights are saved in a byte each (packing.py). grainy:
    words for what its model draws as no more than grain; what they ask for is left as drawn.
    """

    @register_to_config
    def __init__(self, widths: tuple[int, int, int] = (32, 64, 64),
                 depths: tuple[int, int, int] = (1, 2, 4), patch_size: int = 16,
                 packed: bool = False, grainy: tuple[str, ...] = ()):
        super().__init__()
        fine, middle, coarse = widths
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
        """(B, 3, H, W) in [-1, 1], sides multiples of the patch's -> the same. No pixel leaves the
        range of those near it, so that an edge grows sharp but nothing bright is put beside it."""
        folded = F.pixel_unshuffle(pixels.to(self.dtype), 2)
        repeats = [length // side for length, side in
                   zip(folded.shape[-2:], self.place.shape[-2:], strict=True)]
        fine = self.fine_in(self.conv_in(folded) + self.place.repeat(1, 1, *repeats))
        middle = self.middle_in(self.down_middle(fine))
        coarse = self.coarse(self.down_coarse(middle))
        middle = self.middle_out(middle + F.pixel_shuffle(self.up_middle(coarse), 2))
        fine = self.fine_out(fine + F.pixel_shuffle(self.up_fine(middle), 2))
        mended = pixels + F.pixel_shuffle(self.conv_out(fine), 2).float()
        window = (2 * NEAR + 1, 1, NEAR)
        least, most = -F.max_pool2d(-pixels, *window), F.max_pool2d(pixels, *window)
        return torch.minimum(torch.maximum(mended, least), most)

    @torch.no_grad()
    def mended(self, picture: Image.Image, prompt: str = "") -> Image.Image:
        """An "RGB" picture, sides multiples of the patch's, drawn for `prompt`, without the borders
        of its patches; the picture itself where a grainy word is in the prompt."""
        if set(self.config.grainy) & set(re.findall(r"[a-z]+", prompt.lower())):
            return picture
        return to_pil(self(to_tensor(picture).to(self.device)))


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(channels) for _ in range(count)))


def check_patches(deblocker: Deblocker | None, space) -> None:
    """ValueError if there is a deblocker, and pictures in this space have no such patches."""
    if deblocker is None:
        return
    side = deblocker.config.patch_size
    if not space.is_pixels or space.factor != side:
        raise ValueError(f"The deblocker mends patches of {side} pixels, and this model does not "
                         "draw in these.")
