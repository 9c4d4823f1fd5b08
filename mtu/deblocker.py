"""What mends the borders of patches in a drawn picture, after the last step.

A UNet whose patches are wide draws each through fewer channels than the patch has values, so that
its pictures show their grid, and speckles where detail should be. Pictures that were coded in
blocks have the same fault, and the same remedy: a small U-Net (mender.py), trained on pairs, which
is told where in its patch a pixel lies.
"""

import re

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import register_to_config
from PIL import Image

from .images import to_pil, to_tensor
from .mender import Mender

NEAR = 2  # pixels, across and down, whose range a pixel stays in
BRIGHT = (2, 4)  # levels of 255: what brightness it takes up to which it may, and from which not


class Deblocker(Mender):
    """Mends pictures that were drawn in patches; with fresh weights it leaves them alone.

    widths, depths: a Mender's. patch_size: of the patches, in pixels, a multiple of 2. packed: its
    weights are saved in a byte each (packing.py). grainy: words for what its model draws as no more
    than bright grain, which is left where one of them asks for it.
    """

    @register_to_config
    def __init__(self, widths: tuple[int, int, int] = (32, 64, 64),
                 depths: tuple[int, int, int] = (1, 2, 4), patch_size: int = 16,
                 packed: bool = False, grainy: tuple[str, ...] = ()):
        super().__init__(widths, depths, patch_size, NEAR)

    @torch.no_grad()
    def mended(self, picture: Image.Image, prompt: str = "", task: str = "t2i") -> Image.Image:
        """An "RGB" picture, sides multiples of the patch's, made for `prompt`, without the borders
        of its patches. Where a grainy word is in the prompt a drawing keeps what is bright of its
        grain, and an edit, whose rain and snow are fainter still, all of it."""
        grainy = bool(set(self.config.grainy) & set(re.findall(r"[a-z]+", prompt.lower())))
        if grainy and task != "t2i":
            return picture
        pixels = to_tensor(picture)
        mended = self(pixels.to(self.device)).cpu()
        if grainy:
            taken, (low, high) = pixels - mended, BRIGHT
            bright = 127.5 * F.avg_pool2d(taken.mean(1, keepdim=True).clamp(min=0), 3, 1, 1)
            mended = mended + ((bright - low) / (high - low)).clamp(0, 1) * taken
        return to_pil(mended)


def check_patches(deblocker: Deblocker | None, space) -> None:
    """ValueError if there is a deblocker, and pictures in this space have no such patches."""
    if deblocker is None:
        return
    side = deblocker.config.patch_size
    if not space.is_pixels or space.factor != side:
        raise ValueError(f"The deblocker mends patches of {side} pixels, and this model does not "
                         "draw in these.")
