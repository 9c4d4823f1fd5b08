"""Large pictures in tiles of the model's size: where they lie and how they are joined."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from .images import to_pil, to_tensor

OVERLAP = 32  # pixels, at least (half a tile for tiles smaller than 64)
PREVIEW_SIDE = 512
COLOUR_CELL = 32  # pixels: colours averaged over this much follow the source


def starts(length: int, tile: int, stride: int) -> list[int]:
    """Left edges of tiles that cover 0..`length`; the last one is moved back to end there."""
    last = length - tile
    return [*range(0, last, stride), last]


def padded_length(length: int, tile: int, step: int) -> int:
    """The least length ≥ `length` and ≥ `tile` that is a multiple of `step`."""
    return max(tile, -(-length // step) * step)


def pad(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """`image` mirrored to the right and below up to `size` (width, height)."""
    array = np.asarray(image)
    rows, columns = size[1] - array.shape[0], size[0] - array.shape[1]
    return Image.fromarray(np.pad(array, ((0, rows), (0, columns), (0, 0)), mode="symmetric"))


class Canvas:
    """The target of a tiled enlargement: its tiles, the blended result, and a small preview.

    condition: "RGB" source already brought to the target's size. tile: side of a tile in pixels.
    step: pixels per sample element (patch size or the autoencoder's factor); tiles start at
    multiples of it, so one field of noise can be cut for all of them.
    """

    def __init__(self, condition: Image.Image, tile: int, step: int):
        self.size = condition.size
        self.tile, self.step = tile, step
        self.overlap = min(OVERLAP, tile // 2)
        width, height = (padded_length(length, tile, step) for length in self.size)
        self.padded = pad(condition, (width, height))
        stride = max(step, (tile - self.overlap) // step * step)
        self.tiles = [
            (x, y) for y in starts(height, tile, stride) for x in starts(width, tile, stride)
        ]
        self._sum = torch.zeros(3, height, width)
        self._weight = torch.zeros(1, height, width)
        self._zoom = min(1.0, PREVIEW_SIDE / max(width, height))
        self._preview = self.padded.resize(self._shown((width, height)))

    def sample_size(self) -> tuple[int, int]:
        """(height, width) of the whole canvas in sample elements."""
        return self.padded.height // self.step, self.padded.width // self.step

    def cut_condition(self, tiles) -> torch.Tensor:
        """The condition's pixels (len(tiles), 3, tile, tile) in [-1, 1]."""
        boxes = [(x, y, x + self.tile, y + self.tile) for x, y in tiles]
        return torch.cat([to_tensor(self.padded.crop(box)) for box in boxes])

    def cut_samples(self, field: torch.Tensor, tiles) -> torch.Tensor:
        """The tiles' parts of a field (1, C, h, w) over the canvas, (len(tiles), C, ·, ·)."""
        side = self.tile // self.step
        corners = [(x // self.step, y // self.step) for x, y in tiles]
        return torch.cat([field[:, :, y : y + side, x : x + side] for x, y in corners])

    def preview(self, pixels: torch.Tensor, tiles) -> Image.Image:
        """The picture so far, at most 512 pixels wide or high, with `tiles` as in `pixels`."""
        for picture, (x, y) in zip(pixels, tiles, strict=True):
            left, top = self._shown((x, y))
            right, bottom = self._shown((x + self.tile, y + self.tile))
            small = to_pil(picture).resize((right - left, bottom - top), Image.Resampling.BOX)
            self._preview.paste(small, (left, top))
        return self._preview.crop((0, 0, *self._shown(self.size)))

    def add(self, pixels: torch.Tensor, tiles) -> None:
        """Blend finished tiles (len(tiles), 3, tile, tile) in [-1, 1] into the result."""
        ramp = (torch.arange(self.tile) + 1.0) / (self.overlap + 1.0)
        ramp = torch.minimum(ramp, ramp.flip(0)).clamp(max=1.0)
        window = ramp[:, None] * ramp[None, :]
        for picture, (x, y) in zip(pixels.float().cpu(), tiles, strict=True):
            place = (slice(None), slice(y, y + self.tile), slice(x, x + self.tile))
            self._sum[place] += picture * window
            self._weight[place] += window

    def finish(self) -> Image.Image:
        """The blended picture at the target's size, its broad colours those of the condition."""
        width, height = self.size
        picture = (self._sum / self._weight)[None, :, :height, :width]
        condition = to_tensor(self.padded.crop((0, 0, width, height)))
        return to_pil(follow_colours(picture, condition))

    def _shown(self, point: tuple[int, int]) -> tuple[int, int]:
        return tuple(max(1, round(value * self._zoom)) if value else 0 for value in point)


def follow_colours(picture: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """`picture` (1, 3, H, W) with the slow changes of colour of `reference`.

    Each tile is imagined on its own and may drift in tone; an enlargement has no business with
    that, so what is broader than COLOUR_CELL pixels is the source's.
    """
    height, width = picture.shape[-2:]
    cells = (max(1, height // COLOUR_CELL), max(1, width // COLOUR_CELL))
    drift = F.adaptive_avg_pool2d(reference - picture, cells)
    return picture + F.interpolate(drift, (height, width), mode="bilinear", align_corners=False)
