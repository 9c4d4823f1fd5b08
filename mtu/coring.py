"""What is drawn in a hidden part, and what is only noise around it.

A part that changes is hidden under its surroundings, drawn in (look.py), and the UNet learns the
change of those. Where a thing goes, that change is faint, and what a narrow UNet adds of it after
many steps is more noise than ground; where a thing comes, it is strong, with the same noise around
it. So faint changes are taken out ("coring", as in Simoncelli & Adelson 1996, "Noise removal via
Bayesian wavelet coring", here by the mean change of a neighbourhood), and a removal, which a
glance of a few steps tells from a drawing, ends with that glance.

Pictures are "RGB" of one size.
"""

import numpy as np
import torch
from PIL import Image

from .blur import bell_blur
from .images import to_pil, to_tensor

REACH = 64  # the neighbourhood's radius is this part of the longer side
FAINT = (0.06, 0.2)  # of 2: the mean change up to which all of it is noise, and from which none is
DRAWN, LEAST = 0.2, 0.05  # something is drawn if in this share of the part the change is so strong


def cored(fill: Image.Image, picture: Image.Image) -> Image.Image:
    """`picture` without the faint ones of the changes that it makes to `fill`."""
    before = to_tensor(fill)
    change = to_tensor(picture) - before
    low, high = FAINT
    return to_pil(before + ((_strength(change) - low) / (high - low)).clamp(0, 1) * change)


def is_drawn(fill: Image.Image, picture: Image.Image, part: Image.Image) -> bool:
    """True if `picture` shows something that `fill` does not, within `part` ("L", 255 there)."""
    strength = _strength(to_tensor(picture) - to_tensor(fill))[0, 0].numpy()
    inside = np.asarray(part) >= 128
    return bool(inside.any()) and float((strength[inside] > DRAWN).mean()) > LEAST


def _strength(change: torch.Tensor) -> torch.Tensor:
    """Changes (1, 3, H, W) of colours in [-1, 1] -> their mean around each pixel (1, 1, H, W)."""
    radius = max(2, round(max(change.shape[-2:]) / REACH))
    return bell_blur(change.abs().amax(1, keepdim=True), radius)
