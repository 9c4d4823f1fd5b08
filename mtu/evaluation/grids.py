"""Sample sheets: the first cases of every group, source | result | truth, with the words asked."""

import io
import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .cases import small_to_side
from .tasks import Outcome

TILE = 144  # pixels
LIMIT = 44_000  # bytes a sheet
_GAP = 8
_TEXT_LINES = 3
_LINE = 13  # pixels
_PANELS = 12  # about as many cases a sheet


def first_of_each(outcomes: list[Outcome]) -> list[Outcome]:
    """The first cases of every group, none chosen; about twelve in all."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.case.group, []).append(outcome)
    each = max(1, _PANELS // len(groups))
    return [outcome for group in groups.values() for outcome in group[:each]]


def _pictures(outcome: Outcome) -> list[np.ndarray]:
    case = outcome.case
    shown = [outcome.picture, case.truth]
    if case.task == "sr":
        return [small_to_side(case), *shown]
    if case.source is None:
        return shown
    source = case.source
    if case.mask is not None:  # the painted mask, as the app shows it
        rose = np.float32((225, 29, 90))
        source = np.where(case.mask[..., None], 0.5 * source + 0.5 * rose, source)
    return [source.astype(np.uint8), *shown]


def _panel(outcome: Outcome) -> Image.Image:
    pictures = _pictures(outcome)
    width = len(pictures) * (TILE + 2) - 2
    panel = Image.new("RGB", (width, TILE + 4 + _TEXT_LINES * _LINE), "white")
    for k, pixels in enumerate(pictures):
        tile = Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.LANCZOS)
        panel.paste(tile, (k * (TILE + 2), 0))
    words = outcome.case.text or f"enlarge x{outcome.case.scale}"  # the font has no ×
    lines = textwrap.wrap(words, max(width // 6, 10))[:_TEXT_LINES]
    draw, font = ImageDraw.Draw(panel), ImageFont.load_default(size=11)
    for k, line in enumerate(lines):
        draw.text((2, TILE + 2 + k * _LINE), line, fill="black", font=font)
    return panel


def sheet(outcomes: list[Outcome]) -> Image.Image:
    """Panels of one task in columns, about as wide as high."""
    panels = [_panel(outcome) for outcome in outcomes]
    width, height = panels[0].size
    columns = min(len(panels), max(1, 960 // (width + _GAP)))
    rows = -(-len(panels) // columns)
    out = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP),
                    "white")
    for k, panel in enumerate(panels):
        row, column = divmod(k, columns)
        out.paste(panel, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    return out


def save_sheet(image: Image.Image, file: Path) -> None:
    """As WebP, of the best quality that keeps it within 44 kB."""
    for quality in range(92, 20, -6):
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= LIMIT:
            break
    file.write_bytes(buffer.getvalue())
