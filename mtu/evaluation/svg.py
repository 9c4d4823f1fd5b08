"""Plots of a grid of numbers, written as SVG text."""

from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

CELL_WIDTH, CELL_HEIGHT, LABEL_WIDTH, TITLE_HEIGHT, FOOT_HEIGHT = 30, 20, 112, 26, 46
INK, PAPER, BLANK = "#222222", "#ffffff", "#eeeeee"
LOW, MIDDLE, HIGH = (49, 104, 176), (247, 247, 247), (214, 96, 40)  # blue, grey, orange


def diverging(share: float) -> str:
    """A colour from blue (-1) over grey (0) to orange (1); further values are clipped."""
    share = max(-1.0, min(1.0, share))
    end = HIGH if share > 0 else LOW
    mixed = (round(m + abs(share) * (e - m)) for m, e in zip(MIDDLE, end, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def heatmap(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    color: Callable[[float], str],
    text: Callable[[float], str],
    top: int = 0,
) -> tuple[list[str], int, int]:
    """(elements, width, height) of a labelled grid whose upper edge is at `top`.

    values: one number per row and column, None for an empty cell. `color` and `text` make a
    cell's fill and inscription of its number.
    """
    parts = [_text(0, top + 16, title, "start", bold=True)]
    for k, name in enumerate(rows):
        y = top + TITLE_HEIGHT + k * CELL_HEIGHT
        parts.append(_text(LABEL_WIDTH - 6, y + 14, name, "end"))
        for j, value in enumerate(values[k]):
            x = LABEL_WIDTH + j * CELL_WIDTH
            fill = BLANK if value is None else color(value)
            parts.append(f'<rect x="{x}" y="{y}" width="{CELL_WIDTH - 1}" '
                         f'height="{CELL_HEIGHT - 1}" fill="{fill}"/>')
            if value is not None:
                shown = _on(fill)
                parts.append(_text(x + CELL_WIDTH // 2, y + 14, text(value), "middle", shown))
    foot = top + TITLE_HEIGHT + len(rows) * CELL_HEIGHT + 6
    for j, name in enumerate(columns):
        x = LABEL_WIDTH + j * CELL_WIDTH + CELL_WIDTH // 2 + 4
        parts.append(f'<g transform="rotate(-90 {x} {foot})">{_text(x, foot, name, "end")}</g>')
    width = LABEL_WIDTH + len(columns) * CELL_WIDTH
    return parts, width, TITLE_HEIGHT + len(rows) * CELL_HEIGHT + FOOT_HEIGHT


def document(parts: Sequence[str], width: int, height: int, margin: int = 10) -> str:
    """An SVG file of `parts`, on white."""
    box = f"{-margin} {-margin} {width + 2 * margin} {height + 2 * margin}"
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" '
            f'width="{width + 2 * margin}" height="{height + 2 * margin}" '
            'font-family="sans-serif" font-size="11">')
    paper = (f'<rect x="{-margin}" y="{-margin}" width="100%" height="100%" fill="{PAPER}"/>')
    return "\n".join([head, paper, *parts, "</svg>"]) + "\n"


def _text(x: int, y: int, words: str, anchor: str, color: str = INK, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x}" y="{y}" text-anchor="{anchor}" fill="{color}"'
    return f"<text {place}{weight}>{escape(words)}</text>"


def _on(fill: str) -> str:
    """Ink that can be read on a fill."""
    red, green, blue = (int(fill[k : k + 2], 16) for k in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else PAPER
