"""Tables in Markdown, and figures as people read them."""

_DECIBELS = ("PSNR", "dB", "sharpness", "checks")


def number(value: float | None, name: str) -> str:
    """A measure as its name says: decibels and grey levels with a digit, shares in per cent."""
    if value is None:
        return "–"
    if "SSIM" in name:
        return f"{value:.3f}"
    if any(word in name for word in _DECIBELS):
        return f"{value:.1f}"
    return f"{100 * value:.0f}%"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown; every row has as many cells as the head."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])
