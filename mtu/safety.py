"""The safety checker that a base brings along: it is asked, and nothing is painted black."""

import numpy as np
import torch
from PIL import Image


@torch.no_grad()
def is_flagged(checker, extractor, image: Image.Image) -> bool:
    """True if diffusers' StableDiffusionSafetyChecker holds `image` ("RGB") to be unfit to show.

    extractor: the CLIP image processor that belongs to it.
    """
    seen = extractor(image, return_tensors="pt").pixel_values
    seen = seen.to(checker.device, checker.dtype)
    blackened = np.zeros((1, 1, 1, 3), dtype=np.float32)  # it overwrites what it flags: not ours
    return bool(checker(clip_input=seen, images=blackened)[1][0])
