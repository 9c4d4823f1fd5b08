"""What makes an enlargement sharp, after its last step.

What a regression on squared errors makes of a small picture is the mean of all that might be, and
the mean of many edges is a ramp. A small U-Net (mender.py), trained on enlargements and on what
they should have been, takes out what is wrong with them; an unsharp mask makes steeper the ramps
that are left. Neither takes a pixel out of the range of those near it, so that an edge gets no
halo; within these bounds an unsharp mask is close to a shock filter (Osher & Rudin 1990,
"Feature-oriented image enhancement using shock filters").
"""

from collections.abc import Generator

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.configuration_utils import register_to_config
from PIL import Image

from .blur import bell_blur
from .images import to_pil, to_tensor
from .mender import MULTIPLE, Mender, within
from .sampling import exhaust
from .steps import Step
from .tiling import PREVIEW_SIDE, pad, padded_length

NEAR = 3  # pixels, across and down, whose range the U-Net keeps a pixel in
TILE = 512  # pixels of the enlargement that are sharpened at a time
FAINT = (4, 8)  # levels of 255: the mean change near a pixel up to which none is made, and all is
BESIDE = 2  # pixels, across and down, that this is the mean of
GREY = 6  # levels between a pixel's largest and least colour, on average: fewer are none
AROUND = 48  # pixels around a tile that are seen with it: more change no value by two levels


class Sharpener(Mender):
    """Sharpens enlargements; with fresh weights and no `steepness` it changes nothing.

    widths, depths: a Mender's. packed: its weights are saved in a byte each (packing.py).
    steepness: scale, as text -> [radius in pixels, amount] of the unsharp mask that comes last.
    margin: by how much a picture must be less strange (familiar.py) than the model says that its
    own may be, to be taken for one that it knows.
    """

    @register_to_config
    def __init__(self, widths: tuple[int, int, int] = (32, 64, 64),
                 depths: tuple[int, int, int] = (1, 2, 4), packed: bool = False,
                 steepness: dict[str, tuple[int, float]] | None = None, margin: float = 0.0):
        super().__init__(widths, depths, 2, NEAR)

    def knows(self, picture: Image.Image, room: float) -> bool:
        """True for an "RGB" picture like those that it has learned from: less strange by `room`
        than its model's own may be, as photographs seldom are, and not grey, as those never are.
        """
        values = np.asarray(picture).astype(np.int16)
        return room >= self.config.margin and np.ptp(values, axis=-1).mean() > GREY

    @staticmethod
    def tiles(size: tuple[int, int]) -> list[tuple[int, int]]:
        """The corners (left, top) of the tiles of an enlargement of this size."""
        width, height = size
        return [(left, top) for top in range(0, height, TILE) for left in range(0, width, TILE)]

    def sharpened(self, picture: Image.Image, scale: int, known: bool = True) -> Image.Image:
        """An "RGB" picture of any size, enlarged by `scale` before, made sharp. Of one that is not
        `known` only strong changes are made, and no mask is used: soft edges and faint grain may be
        what it shows."""
        return exhaust(self.steps(picture, scale, known))

    @torch.no_grad()
    def steps(self, picture: Image.Image, scale: int,
              known: bool = True) -> Generator[Step, None, Image.Image]:
        """`sharpened`, tile by tile: yields a `Step` after each, with the picture so far."""
        out, tiles = np.array(picture), self.tiles(picture.size)
        coarse = -(-max(picture.size) // PREVIEW_SIDE)
        for done, (left, top) in enumerate(tiles, start=1):
            x, y = max(left - AROUND, 0), max(top - AROUND, 0)
            right, bottom = (min(corner + TILE + AROUND, length) for corner, length in
                             zip((left, top), picture.size, strict=True))
            part = picture.crop((x, y, right, bottom))
            seen = pad(part, [padded_length(length, MULTIPLE, MULTIPLE) for length in part.size])
            sharp = self.sharp(to_tensor(seen), scale, known)
            inner = np.s_[top - y : top - y + TILE, left - x : left - x + TILE]
            place = np.s_[top : top + TILE, left : left + TILE]
            out[place] = np.asarray(to_pil(sharp).crop((0, 0, *part.size)))[inner]
            yield Step(done, len(tiles), Image.fromarray(out[::coarse, ::coarse]))
        return Image.fromarray(out)

    def sharp(self, pixels: torch.Tensor, scale: int, known: bool) -> torch.Tensor:
        """`sharpened` of (1, 3, H, W) in [-1, 1] on the CPU, sides multiples of MULTIPLE."""
        mended = self(pixels.to(self.device)).cpu()
        radius, amount = (self.config.steepness or {}).get(str(scale), (0, 0.0))
        if not known:
            change, (low, high) = mended - pixels, FAINT
            strength = 127.5 * F.avg_pool2d(change.abs().amax(1, keepdim=True), 2 * BESIDE + 1, 1,
                                            BESIDE, count_include_pad=False)
            return pixels + ((strength - low) / (high - low)).clamp(0, 1) * change
        if amount:
            return within(mended + amount * (mended - bell_blur(mended, radius)), mended, 1)
        return mended
