"""Copies of a picture in the sizes that the page shows, made once, kept beside the picture."""

from pathlib import Path

from PIL import Image

from app.session import Session
from app.turns import Picture

CANVAS = 1024  # longest side on the canvas, in pixels
STRIP = 192  # and in the filmstrip


def view(picture: Picture, side: int) -> Path:
    """The picture's own file if it is at most `side` pixels long, else a smaller copy."""
    if max(picture.width, picture.height) <= side:
        return picture.path
    path = picture.path.with_name(f"view-{picture.number}-{side}.png")
    if not path.exists():
        with Image.open(picture.path) as image:
            small = image.convert("RGB")
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            small.save(path)
    return path


def before_and_after(picture: Picture, session: Session) -> tuple[Path, Path] | None:
    """Two files of one size for the slider; None if the picture was made from no other."""
    if picture.origin is None:
        return None
    after = view(picture, CANVAS)
    before = after.with_name(f"before-{picture.number}.png")
    if not before.exists():
        with Image.open(after) as image:
            size = image.size
        resized = session.image(picture.origin).resize(size, Image.Resampling.BICUBIC)
        resized.save(before)
    return before, after
