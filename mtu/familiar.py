"""How far a picture lies from what a model has seen.

A denoiser is a model of its pictures: given one with a little noise it gives back what it knows of
it. A picture of its world comes back nearly whole, a photograph as something else; the error tells
them apart (Graham et al. 2023, "Denoising diffusion models for out-of-distribution detection").
The error alone takes a calm photograph for a picture of the world, because there is little to get
wrong in it. So a model may weigh it against traits that need no model: how much there is to
restore, how flat the flat parts are, how few colours there are (the weights: evaluation/calibrate).
"""

import math

import torch
import torch.nn.functional as F
from PIL import Image

from .images import to_rgb, to_tensor

TIME = 0.3  # share of noise: enough to hide detail, not what is where
LATE = 0.6  # a second look, of what is where
BLUR = 4  # pixels: finer detail is lost in any picture and says nothing
SEED = 0
FLAT = 2 / 127.5  # change from cell to cell that is none: two levels of 256
LEVELS = 8  # a channel, of the colours that are told apart
FAINT = 1e-5  # what logarithms are kept from

TRAITS = ("error", "late error", "structure", "flat", "sparse", "grain", "colours")
BIAS = "bias"

UNFAMILIAR = (
    "This picture lies outside the little world that the built-in model knows, so it was left as "
    "it is; it can still be enlarged, or turned into a style such as black and white."
)


def strangeness(pipeline, image: Image.Image) -> float:
    """How strange `image` is to `pipeline`, an MTUPipeline in pixel space that predicts the sample.

    Where its settings weigh the traits, their weighted sum and the bias, the log-odds of a picture
    from elsewhere; else the mean squared error, colours in [-1, 1], with which it restores the
    noisy picture. One or two passes of its UNet, about the time of a step each. The same picture
    always gives the same figure.
    """
    weights = pipeline.config.strange_weights
    if not weights:
        return float(_restoring_error(pipeline, _small(pipeline, image), TIME, BLUR))
    found = traits(pipeline, image)
    return weights[BIAS] + sum(weights[name] * value for name, value in found.items())


def is_familiar(pipeline, image: Image.Image) -> bool:
    """False if the model says how strange its pictures may be and `image` is stranger."""
    return room(pipeline, image) >= 0


def room(pipeline, image: Image.Image) -> float:
    """By how much `image` is less strange than the model says that its pictures may be; infinity
    where it says nothing."""
    limit = pipeline.config.strangest
    return math.inf if limit is None else limit - strangeness(pipeline, image)


def check_weights(weights: dict) -> None:
    """ValueError in one sentence unless there is a number for each of TRAITS and the bias, or
    nothing at all."""
    numbers = all(isinstance(value, int | float) for value in weights.values())
    if weights and (set(weights) != {*TRAITS, BIAS} or not numbers):
        raise ValueError(f"strange_weights must have a number for each of {', '.join(TRAITS)} "
                         f"and {BIAS}.")


@torch.no_grad()
def traits(pipeline, image: Image.Image) -> dict[str, float]:
    """What of a picture may tell that it comes from elsewhere, each of TRAITS.

    error, late error: of restoring it from less and from more noise. structure: how much changes
    from cell to cell; flat: the share of cells around which nothing does; sparse: whether the
    changes are few and large; grain: detail within the calmest quarter of the cells; colours: the
    entropy of the coarse colours. All but the share and the entropy are natural logarithms.
    """
    pixels = _small(pipeline, image)
    cells = F.avg_pool2d(pixels, BLUR)
    grey = cells.mean(1, keepdim=True)
    across, down = grey.diff(dim=-1)[..., :-1, :], grey.diff(dim=-2)[..., :-1]
    change = (across.square() + down.square()).sqrt()
    fine = pixels - F.interpolate(F.avg_pool2d(pixels, 2), scale_factor=2.0)
    fine = F.avg_pool2d(fine.abs().mean(1, keepdim=True), BLUR)[..., :-1, :-1]
    calm = change <= change.quantile(0.25)
    levels = ((cells + 1) / 2 * LEVELS).long().clamp(0, LEVELS - 1)
    code = levels[:, 0] * LEVELS**2 + levels[:, 1] * LEVELS + levels[:, 2]
    shares = torch.bincount(code.flatten(), minlength=LEVELS**3).float() / code.numel()
    power = change.square().mean()
    values = (
        _log(_restoring_error(pipeline, pixels, TIME, BLUR)),
        _log(_restoring_error(pipeline, pixels, LATE, 2 * BLUR)),
        _log(power),
        (change < FLAT).float().mean(),
        _log(power) - 2 * _log(change.mean()),
        _log(fine[calm].mean()),
        -(shares * shares.clamp_min(1e-12).log()).sum(),
    )
    return {name: float(value) for name, value in zip(TRAITS, values, strict=True)}


def _small(pipeline, image: Image.Image) -> torch.Tensor:
    """(1, 3, side, side) in [-1, 1], at the model's size."""
    side = pipeline.config.default_size
    return to_tensor(to_rgb(image).resize((side, side), Image.Resampling.BICUBIC))


@torch.no_grad()
def _restoring_error(pipeline, pixels: torch.Tensor, time: float, blur: int) -> torch.Tensor:
    """Mean squared error of restoring (1, 3, H, W) from a share `time` of noise, fine detail,
    within `blur` pixels, left out."""
    sample = pipeline.space.encode(pixels)
    noise = torch.randn(sample.shape, generator=torch.Generator().manual_seed(SEED))
    noised = pipeline.space.placed((1 - time) * sample + time * noise)
    noised = noised.to(pipeline.unet.device, pipeline.unet.dtype)
    text = pipeline.encode_text("")
    shared = {"task": "t2i"} if hasattr(pipeline.unet, "mtu_config") else {}
    restored = pipeline.unet(
        noised, torch.tensor([1000 * time], device=noised.device), text.states,
        encoder_attention_mask=text.mask, **shared,
    ).sample  # fmt: skip
    error = pipeline.space.decode(restored.float().cpu() - sample)
    return F.avg_pool2d(error, blur).square().mean()


def _log(value: torch.Tensor) -> torch.Tensor:
    return (value + FAINT).log()
