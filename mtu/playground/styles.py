"""Whole-picture styles as plain image operations: the ground truth of style edits."""

import numpy as np
from PIL import Image, ImageFilter, ImageOps


def stylize(pixels: np.ndarray, style: str) -> np.ndarray:
    """A picture, uint8 (H, W, 3), in one of `vocabulary.STYLES`. ValueError for another name."""
    image = Image.fromarray(pixels)
    if style == "black and white":
        out = ImageOps.grayscale(image).convert("RGB")
    elif style == "sepia":
        out = ImageOps.colorize(ImageOps.grayscale(image), (38, 22, 10), (255, 238, 208))
    elif style == "pixel art":
        small = (max(image.width // 8, 1), max(image.height // 8, 1))
        out = image.resize(small, Image.Resampling.BOX).resize(image.size, Image.Resampling.NEAREST)
    elif style == "sketch":
        gray = ImageOps.grayscale(image)
        blurred = gray.filter(ImageFilter.GaussianBlur(image.width / 64))
        base, soft = np.asarray(gray, np.float32), np.asarray(blurred, np.float32)
        out = Image.fromarray(np.clip(base / np.maximum(soft, 1) * 250, 0, 255).astype(np.uint8))
        out = out.convert("RGB")
    elif style == "negative":
        out = ImageOps.invert(image)
    elif style == "poster":
        levels = np.asarray(image, np.float32) / 255 * 3
        out = Image.fromarray((np.round(levels) / 3 * 255).astype(np.uint8))
    else:
        raise ValueError(f"There is no style {style!r}.")
    return np.asarray(out)
