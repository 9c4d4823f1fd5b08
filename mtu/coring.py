"""What is drawn in a hidden part, and what is only noise around it.

A part that changes is hidden under its surroundings, drawn in (look.py), and the UNet learns the
change of those. Where a thing goes, that change is faint, and what a narrow UNet adds of it after
many steps is more noise than ground; where a thing comes, it is strong, with the same noise around
it. So faint changes are taken out ("coring", as in Simoncelli & Adelson 1996, "Noise removal via
Bayesian wavelet coring", here by the mean change of a neighbourhood), and a removal, which a
glance of a few steps tells from a drawing, ends with that glance. And where what is behind the
drawing is known, only the thing in it is taken, cut out by how far it differs from its ground.

Pictures are "RGB" of one size.
"""

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from .blur import bell_blur
from .images import to_pil, to_tensor

REACH = 64  # the neighbourhood's radius is this part of the longer side
FAINT = (0.06, 0.2)  # of 2: the mean change up to which all of it is noise, and from which none is
DRAWN, LEAST = 0.2, 0.05  # something is drawn if in this share of the part the change is so strong
EDGE = 128  # the radius at a thing's edge is this part of the longer side
THING = (0.15, 0.35)  # of 2: how strong the change is in all of a thing, and somewhere in it
SPLINTER = 0.1  # a part of it that is smaller than this share of the largest is none


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


def in_front(fill: Image.Image, picture: Image.Image, behind: Image.Image) -> Image.Image | None:
    """`behind` with the thing in front of it that `picture` shows and `fill` does not; None if it
    shows none.

    The thing is what differs from both, with its holes filled.
    """
    drawn = to_tensor(picture)
    grounds = to_tensor(fill), to_tensor(behind)
    both = torch.minimum(*(_strength(drawn - ground, EDGE) for ground in grounds))[0, 0].numpy()
    low, high = THING
    found = ndimage.binary_propagation(both > high, np.ones((3, 3)), both > low)
    found = ndimage.binary_opening(ndimage.binary_fill_holes(found), np.ones((3, 3)))
    parts, count = ndimage.label(found, np.ones((3, 3)))
    if not count:
        return None
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0  # what is none of them
    thing = (sizes >= max(1.0, SPLINTER * sizes.max()))[parts]
    soft = bell_blur(torch.from_numpy(thing)[None, None].float(), 1)
    return to_pil(grounds[1] + soft * (drawn - grounds[1]))


def _strength(change: torch.Tensor, reach: int = REACH) -> torch.Tensor:
    """Changes (1, 3, H, W) of colours in [-1, 1] -> their mean around each pixel (1, 1, H, W)."""
    radius = max(2, round(max(change.shape[-2:]) / reach))
    return bell_blur(change.abs().amax(1, keepdim=True), radius)
