"""The doubt curve as an SVG: errors avoided against questions asked, the threshold marked."""

from __future__ import annotations

_WIDTH, _HEIGHT, _LEFT, _TOP, _SIDE = 640, 400, 64, 24, 300
_INK, _LINE, _FAINT = "#333", "#6b4fbb", "#ddd"


def doubt_svg(curve: list[dict], threshold: float, most_asked: float = 0.4) -> str:
    """An SVG of `evaluate.doubt_curve`'s points, shares within 0..1; `threshold` is marked by the
    nearest point. Raises ValueError for an empty curve."""
    if not curve:
        raise ValueError("the curve has no points")
    points = sorted(curve, key=lambda p: (p["asked"], p["errors_avoided"]))
    width = _WIDTH - _LEFT - 40

    def at(point: dict) -> tuple[float, float]:
        x = _LEFT + min(point["asked"] / most_asked, 1) * width
        return round(x, 1), round(_TOP + (1 - point["errors_avoided"]) * _SIDE, 1)

    shown = [p for p in points if p["asked"] <= most_asked]
    path = " ".join(f"{x},{y}" for x, y in map(at, shown))
    chosen = min(curve, key=lambda p: abs(p["threshold"] - threshold))
    x, y = at(chosen)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="13" fill="{_INK}">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
    ]
    for step in range(6):
        level = _TOP + step * _SIDE / 5
        parts.append(
            f'<path d="M{_LEFT} {level:.1f}h{width}" stroke="{_FAINT}"/>'
            f'<text x="{_LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">{100 - 20 * step}%</text>'
        )
    for step in range(5):
        place = _LEFT + step * width / 4
        parts.append(
            f'<text x="{place:.1f}" y="{_TOP + _SIDE + 20}" text-anchor="middle">'
            f"{most_asked * step / 4:.0%}</text>"
        )
    parts += [
        f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="2"/>',
        f'<circle cx="{x}" cy="{y}" r="5" fill="{_LINE}"/>',
        f'<text x="{x + 10}" y="{y + 18}">threshold {chosen["threshold"]:.2f}: asks '
        f"{chosen['asked']:.1%}, avoids {chosen['errors_avoided']:.0%} of the errors</text>",
        f'<text x="{_LEFT + width / 2}" y="{_HEIGHT - 22}" text-anchor="middle">'
        "messages asked about instead of acted on</text>",
        f'<text transform="translate(18 {_TOP + _SIDE / 2}) rotate(-90)" text-anchor="middle">'
        "errors avoided</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
