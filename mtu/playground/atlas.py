"""Glyphs of the things, cut once from the Noto Color Emoji font into an atlas file.

The atlas is one PNG (RGBA, straight alpha), a row of cells per ten things in the order of
`vocabulary.THINGS`, kept in the user's cache. It is needed to render, train and evaluate, never
to run the app.
"""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .vocabulary import THINGS

CELL = 128  # pixels, near the font's native bitmap height of 128 (its strike is 136 × 128)
_COLUMNS = 10
_STRIKE = 109  # the only size at which the bitmap font can be loaded
_FONT_PATHS = (
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/google-noto-color-emoji-fonts/NotoColorEmoji.ttf",
    "/System/Library/Fonts/NotoColorEmoji.ttf",
)


class MissingFontError(RuntimeError):
    """Neither an atlas nor the glyph font was found."""


def find_font() -> Path | None:
    """Path of the Noto Color Emoji font, or None. ONEBRUSH_FONT names another one."""
    for name in (os.environ.get("ONEBRUSH_FONT", ""), *_FONT_PATHS):
        if name and Path(name).is_file():
            return Path(name)
    return None


def default_path() -> Path:
    """Where the atlas of the present vocabulary is cached (ONEBRUSH_ATLAS names another)."""
    if "ONEBRUSH_ATLAS" in os.environ:
        return Path(os.environ["ONEBRUSH_ATLAS"])
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "onebrush"
    key = "".join(thing.glyph for thing in THINGS.values())
    return cache / f"atlas-{hashlib.sha256(key.encode()).hexdigest()[:12]}.png"


def build(path: Path | None = None, font: Path | None = None) -> Path:
    """Draw every thing's glyph, trimmed and centred in its cell, and write the atlas to `path`.

    Raises MissingFontError, with what to do, when there is no font.
    """
    path, font = path or default_path(), font or find_font()
    if font is None:
        raise MissingFontError(
            "The Noto Color Emoji font is missing: install the package fonts-noto-color-emoji "
            "or name an atlas with --atlas."
        )
    face = ImageFont.truetype(str(font), _STRIKE)
    rows = -(-len(THINGS) // _COLUMNS)
    sheet = Image.new("RGBA", (_COLUMNS * CELL, rows * CELL))
    for index, thing in enumerate(THINGS.values()):
        glyph = Image.new("RGBA", (2 * CELL, 2 * CELL))
        ImageDraw.Draw(glyph).text((20, 20), thing.glyph, font=face, embedded_color=True)
        glyph = glyph.crop(glyph.getbbox())
        glyph.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        corner = ((CELL - glyph.width) // 2, CELL - glyph.height)  # feet on the cell's bottom
        sheet.paste(glyph, (index % _COLUMNS * CELL + corner[0],
                            index // _COLUMNS * CELL + corner[1]))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    sheet.save(part, format="PNG")
    part.replace(path)
    return path


@lru_cache(maxsize=2)
def _cells(path: Path) -> dict[str, np.ndarray]:
    sheet = np.asarray(Image.open(path).convert("RGBA"))
    cells = {}
    for index, name in enumerate(THINGS):
        top, left = index // _COLUMNS * CELL, index % _COLUMNS * CELL
        cells[name] = sheet[top : top + CELL, left : left + CELL]
    return cells


def ready(path: Path | str | None = None) -> Path:
    """The atlas at `path`, or the cached one, which is built when it is not there yet.

    Raises MissingFontError when it must be built and there is no font, FileNotFoundError when
    `path` is given and absent.
    """
    if path is not None and not Path(path).is_file():
        raise FileNotFoundError(f"There is no atlas at {path}.")
    path = Path(path) if path is not None else default_path()
    return path if path.is_file() else build(path)


def load(path: Path | str | None = None) -> dict[str, np.ndarray]:
    """Thing name → glyph, uint8 (128, 128, 4), of the atlas that is `ready`."""
    return _cells(ready(path))
