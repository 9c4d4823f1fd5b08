"""How far a picture lies from what a model has seen.

A denoiser is a model of its pictures: given one with a little noise it gives back what it knows of
it. A picture of its world comes back nearly whole, a photograph as something else; the error tells
them apart (Graham et al. 2023, "Denoising diffusion models for out-of-distribution detection").
"""

import torch
import torch.nn.functional as F
from PIL import Image

from .images import to_rgb, to_tensor

TIME = 0.3  # share of noise: enough to hide detail, not what is where
BLUR = 4  # pixels: finer detail is lost in any picture and says nothing
SEED = 0

UNFAMILIAR = (
    "This picture lies outside the little world that the built-in model knows, so it was left as "
    "it is; it can still be enlarged, or turned into a style such as black and white."
)


@torch.no_grad()
def strangeness(pipeline, image: Image.Image) -> float:
    """Mean squared error, colours in [-1, 1], with which `pipeline` restores a noisy `image`.

    pipeline: an MTUPipeline in pixel space that predicts the sample. One pass of its UNet, about
    the time of one step. The same picture always gives the same figure.
    """
    side = pipeline.config.default_size
    small = to_rgb(image).resize((side, side), Image.Resampling.BICUBIC)
    sample = pipeline.space.encode(to_tensor(small))
    noise = torch.randn(sample.shape, generator=torch.Generator().manual_seed(SEED))
    noised = ((1 - TIME) * sample + TIME * noise).to(pipeline.unet.device, pipeline.unet.dtype)
    text = pipeline.encode_text("")
    shared = {"task": "t2i"} if hasattr(pipeline.unet, "mtu_config") else {}
    restored = pipeline.unet(
        noised, torch.tensor([1000 * TIME], device=noised.device), text.states,
        encoder_attention_mask=text.mask, **shared,
    ).sample  # fmt: skip
    error = pipeline.space.decode(restored.float().cpu() - sample)
    return float(F.avg_pool2d(error, BLUR).square().mean())


def is_familiar(pipeline, image: Image.Image) -> bool:
    """False if the model says how strange its pictures may be and `image` is stranger."""
    limit = pipeline.config.strangest
    return limit is None or strangeness(pipeline, image) <= limit
