"""Untouched means untouched: bring a change back to the source's size and leave the rest alone.

An edit is returned as source + change inside a soft mask (METHOD §4.7). The mask is the user's or
is found from the difference between the prediction and the source at the model's size. Outside it
the pixels are the source's own, byte for byte. Inside it the source's finer detail is kept where
the prediction still has the source's structure (a recoloured ball, the same street at night) and
dropped where it has not (a thing removed or replaced), so that no ghost of the old edges remains.

Arrays are float32 tensors (1, C, H, W), colours in [0, 1].
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage

from .blur import bell_blur
from .images import resize_mask, to_pil
from .transfer import transferred

LOW, HIGH = 0.06, 0.12  # colour distance (L2 over RGB) that may, and that must, be a change
GLOBAL_MEDIAN = 0.06  # more than half of the picture is off by this: a style, the light
GLOBAL_SHARE = 0.6  # found changes cover this much: a new place
LOCAL_SHARE = 0.4  # a removal never covers more: beyond it only the strongest changes count
STRONGEST = (0.2, 0.1, 0.05, 0.02, 0.01)  # shares of the picture tried for those, in turn
BAND = 256  # rows of the source composited at a time


def composite(
    source: Image.Image, prediction: Image.Image, mask: Image.Image | None = None,
    local: bool | None = None, structure: bool = False,
) -> Image.Image:
    """source with the change that `prediction` makes to it, at the source's size.

    source: "RGB" of any size. prediction: "RGB" at the model's size, of the whole picture.
    mask: "L" at the source's size, 255 where the picture may change; None to find the change.
    local: without a mask the change is a part of the picture (True: a removal), the whole of it
    (False: another time of day), or may be either.
    structure: a change of the whole picture keeps the source's structure (transfer.py).
    """
    width, height = source.size
    model_source = source.resize(prediction.size, Image.Resampling.BICUBIC)
    before, after = _to_unit(model_source), _to_unit(prediction)
    if mask is None:
        soft = find_change(before, after, local)
    else:
        soft = soften_mask(_to_unit(resize_mask(mask, prediction.size)))
    everywhere = bool((soft == 1).all())
    if everywhere and structure:
        after = transferred(before, after)
        prediction = to_pil(2 * after - 1)
    gain = detail_gain(before, after, everywhere)
    maps = [Image.fromarray(m[0, 0].numpy()) for m in (soft, gain)]
    box = _grown_box(soft, (width, height))
    result = source.copy()
    for top in range(box[1], box[3], BAND):
        band = (box[0], top, box[2], min(top + BAND, box[3]))
        result.paste(_blend(source, model_source, prediction, maps, mask, band), band[:2])
    return result


def find_change(before: torch.Tensor, after: torch.Tensor,
                local: bool | None = None) -> torch.Tensor:
    """Where `after` (1, 3, H, W) differs from `before`: a soft mask (1, 1, H, W) in [0, 1].

    The distance of a colour is taken to the range of colours around the same place, so that blur
    and slightly moved edges count for nothing. All ones when most of the picture changed, or if
    `local` is False; if it is True, then only what changed most (a model may redraw a whole picture
    to erase one thing).
    """
    if local is False:
        return torch.ones_like(before[:, :1])
    distance = _distance(before, after)
    radius = max(2, round(max(distance.shape[-2:]) / 64))
    if not local and distance.median() > GLOBAL_MEDIAN:
        return torch.ones_like(distance)
    grown = _grow(_hysteresis(distance, LOW, HIGH), radius)
    if not local and grown.mean() > GLOBAL_SHARE:
        return torch.ones_like(grown)
    if local and _grow(grown, radius).mean() > LOCAL_SHARE:
        grown = _strongest(distance, radius)
    return bell_blur(_grow(grown, radius), radius)  # 1 on everything grown, 0 beyond its rim


def _strongest(distance: torch.Tensor, radius: int) -> torch.Tensor:
    """The largest grown region of the strongest changes that stays within LOCAL_SHARE."""
    for share in STRONGEST:
        high = torch.quantile(distance, 1 - share / 2)
        grown = _grow(_hysteresis(distance, torch.quantile(distance, 1 - share), high), radius)
        if _grow(grown, radius).mean() <= LOCAL_SHARE:
            break
    return grown


def soften_mask(mask: torch.Tensor) -> torch.Tensor:
    """The user's mask (1, 1, H, W) of 0 and 1, feathered inwards: never wider."""
    radius = max(1, round(max(mask.shape[-2:]) / 256))
    core = -_grow(-mask, radius)
    if not core.any():  # thinner than the feather: use it as it is
        return mask
    thin = mask * (1.0 - _grow(core, 2 * radius))  # strokes that the feather would swallow
    return torch.maximum(bell_blur(core, radius), thin) * mask


def detail_gain(before: torch.Tensor, after: torch.Tensor, everywhere: bool) -> torch.Tensor:
    """How much of the source's fine detail belongs into the result, (1, 1, H, W) in [0, 1].

    Local regression of the prediction's structure on the source's (both high-passed, grey): the
    slope is the gain, gated by the correlation. Where neither has structure a change of the whole
    picture keeps the detail, as dark as it became, and a local one drops it, unless nothing
    changed there.
    """
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    old, new = ((x * weights).sum(1, keepdim=True) for x in (before, after))
    radius = max(3, round(max(before.shape[-2:]) / 40))
    level_old, level_new = bell_blur(old, radius), bell_blur(new, radius)
    old, new = old - level_old, new - level_new
    both, power_old, power_new = (bell_blur(x, radius) for x in (old * new, old * old, new * new))
    still = torch.ones_like(both) if everywhere else (_distance(before, after) < LOW).float()
    darker = ((level_new + 0.02) / (level_old + 0.02)).clamp(max=1.0)
    prior = 2e-4 * still * darker  # a hundredth of the range, squared, twice
    slope = ((both + prior) / (power_old + 2e-4)).clamp(0.0, 1.0)
    correlation = (both + 2e-4 * still) / ((power_old * power_new).clamp_min(0.0).sqrt() + 2e-4)
    return slope * ((correlation - 0.4) / 0.4).clamp(0.0, 1.0)


def _blend(source, model_source, prediction, maps, mask, band) -> Image.Image:
    """The composited pixels of `band` = (left, top, right, bottom) of the source."""
    size = (band[2] - band[0], band[3] - band[1])
    scale = [small / full for small, full in zip(prediction.size, source.size, strict=True)]
    box = tuple(edge * scale[i % 2] for i, edge in enumerate(band))

    def enlarged(image, how):
        return np.asarray(image.resize(size, how, box=box), dtype=np.float32)

    own = source.crop(band)
    own_values = np.asarray(own, dtype=np.float32)
    soft, gain = (enlarged(m, Image.Resampling.BILINEAR)[..., None] for m in maps)
    if mask is not None:
        soft = soft * (np.asarray(mask.crop(band))[..., None] >= 128)
    changed = enlarged(prediction, Image.Resampling.BICUBIC)
    if source.size != prediction.size:
        detail = own_values - enlarged(model_source, Image.Resampling.BICUBIC)
        changed = changed + gain * detail
    mixed = own_values + soft * (changed - own_values)
    mixed = np.where(soft > 0, mixed.round().clip(0, 255), own_values)
    return Image.fromarray(mixed.astype(np.uint8))


def _grown_box(soft: torch.Tensor, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box of the source, in its pixels, outside of which the enlarged mask is zero."""
    rows, columns = soft[0, 0].any(1).nonzero(), soft[0, 0].any(0).nonzero()
    if not len(rows):
        return (0, 0, 0, 0)
    zoom_x, zoom_y = size[0] / soft.shape[-1], size[1] / soft.shape[-2]
    return (
        max(0, math.floor((int(columns[0]) - 1) * zoom_x)),
        max(0, math.floor((int(rows[0]) - 1) * zoom_y)),
        min(size[0], math.ceil((int(columns[-1]) + 2) * zoom_x)),
        min(size[1], math.ceil((int(rows[-1]) + 2) * zoom_y)),
    )


def _distance(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Distance (1, 1, H, W) of each colour of `after` to the colours of `before` around it."""
    before, after = bell_blur(before, 2), bell_blur(after, 2)
    highest, lowest = _grow(before, 2), -_grow(-before, 2)
    outside = (after - highest).clamp_min(0.0) + (lowest - after).clamp_min(0.0)
    return outside.square().sum(1, keepdim=True).sqrt()


def _hysteresis(distance: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Regions above `low` that contain a pixel above `high`, as 0 and 1."""
    weak, strong = ((distance[0, 0] > level).numpy() for level in (low, high))
    found = ndimage.binary_propagation(strong, np.ones((9, 9)), weak)
    return torch.from_numpy(found)[None, None].float()


def _grow(image: torch.Tensor, radius: int) -> torch.Tensor:
    """The largest value within a square of `radius` pixels."""
    wide = F.max_pool2d(image, (1, 2 * radius + 1), 1, (0, radius))
    return F.max_pool2d(wide, (2 * radius + 1, 1), 1, (radius, 0))


def _to_unit(image: Image.Image) -> torch.Tensor:
    """An "RGB" or "L" image as (1, 3 or 1, H, W) in [0, 1]."""
    array = torch.from_numpy(np.array(image, dtype=np.float32)) / 255.0
    return array[None, None] if array.ndim == 2 else array.permute(2, 0, 1)[None]
