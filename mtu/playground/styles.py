"""Whole-picture styles as plain image operations: the ground truth of style edits.

They need no model, so that a photograph, which the small model does not know, can have them too.
"""

import re
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from .instruction_words import STYLE_WORDS
from .vocabulary import STYLES

CELLS = 32  # of pixel art along the longer side


@lru_cache(maxsize=1)
def _sayings() -> tuple[tuple[re.Pattern, str], ...]:
    """What an instruction says for each style, the longest first."""
    pairs = []
    for style, groups in STYLE_WORDS.items():
        words = {*STYLES[style], *(saying for group in groups for saying in group)}
        for saying in words:
            pattern = r"\s+".join(
                r"(?:it|this|that|the \w+|everything)" if word.startswith("{") else re.escape(word)
                for word in saying.lower().split())
            pairs.append((len(saying), rf"\b{pattern}\b", style))
    return tuple((re.compile(pattern, re.IGNORECASE), style)
                 for _, pattern, style in sorted(pairs, reverse=True))


def style_of(instruction: str) -> str | None:
    """The style that an instruction asks the whole picture to have, None if it asks for none."""
    return next((style for pattern, style in _sayings() if pattern.search(instruction)), None)


def stylize(pixels: np.ndarray, style: str) -> np.ndarray:
    """A picture, uint8 (H, W, 3), in one of `vocabulary.STYLES`. ValueError for another name."""
    image = Image.fromarray(pixels)
    if style == "black and white":
        out = ImageOps.grayscale(image).convert("RGB")
    elif style == "sepia":
        out = ImageOps.colorize(ImageOps.grayscale(image), (38, 22, 10), (255, 238, 208))
    elif style == "pixel art":
        cell = max(image.size) / CELLS
        small = tuple(max(round(length / cell), 1) for length in image.size)
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
