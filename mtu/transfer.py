"""A picture changed as a whole: the source's structure in the prediction's colours.

A narrow UNet that redraws a whole picture, at night or in the snow, blurs what it only had to
tint, and shows the borders of its patches. So around every pixel the prediction's colours are
fitted as an affine map of the source's, and where that explains most of what the prediction shows
there, the fit takes its place: a guided filter whose guide is the source (He, Sun & Tang 2013,
"Guided image filtering", eq. 14 to 16). What the source holds nothing of, stars or another
horizon, is not explained and stays as predicted.

Arrays are float32 tensors (1, C, H, W), colours in [0, 1].
"""

import torch
import torch.nn.functional as F

from .blur import bell_blur

REACH = 25  # the window's radius is this part of the longer side
SOFT = 128  # the source is fitted as soft as a prediction is: the blur's radius, likewise
FLAT = 4e-4  # variance of a colour that counts as none
EXPLAINED = (0.0, 0.5)  # share of the prediction's variance where the fit begins, and is all
NEW = (0.12, 0.25)  # distance of a colour to the fit from which on it may be, and is, something new
SMOOTH = 2  # pixels: maps of neighbouring windows are averaged


def transferred(source: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    """`prediction` (1, 3, H, W) with the structure of `source` where it has that."""
    longest = max(source.shape[-2:])
    radius = max(2, round(longest / REACH))
    soft = bell_blur(source, max(1, round(longest / SOFT)))

    def mean(values: torch.Tensor) -> torch.Tensor:  # (1, C, H, W) -> (1, C, H, W)
        return bell_blur(values, radius)

    def covariance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:  # -> (1, H, W, 3, 3)
        products = (a[:, :, None] * b[:, None]).flatten(1, 2)
        means = (mean(a)[:, :, None] * mean(b)[:, None]).flatten(1, 2)
        return (mean(products) - means).unflatten(1, (3, 3)).permute(0, 3, 4, 1, 2)

    slope = torch.linalg.solve(covariance(soft, soft) + FLAT * torch.eye(3),
                               covariance(soft, prediction))
    offset = mean(prediction) - _mapped(mean(soft), slope)
    off = _mapped(soft, slope) + offset - prediction
    missed = mean(off.square()).sum(1, keepdim=True)
    shown = (mean(prediction.square()) - mean(prediction).square()).sum(1, keepdim=True)
    low, high = EXPLAINED
    share = ((1 - missed / (shown + 2 * FLAT) - low) / (high - low)).clamp(0, 1)
    low, high = NEW
    off = F.max_pool2d(off.square().sum(1, keepdim=True).sqrt(), 3, 1, 1)  # rain is a pixel wide
    off = bell_blur(off, SMOOTH)
    share = share * ((high - off) / (high - low)).clamp(0, 1)
    slope = bell_blur(slope.flatten(3).permute(0, 3, 1, 2), SMOOTH)
    slope = slope.permute(0, 2, 3, 1).unflatten(3, (3, 3))
    fitted = _mapped(source, slope) + bell_blur(offset, SMOOTH)
    return (prediction + share * (fitted - prediction)).clamp(0, 1)


def _mapped(colors: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Colours (1, 3, H, W) through the matrix of each pixel (1, H, W, 3, 3)."""
    return torch.einsum("nihw,nhwij->njhw", colors, slope)
