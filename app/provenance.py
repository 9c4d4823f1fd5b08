"""A Turn ⇄ the text chunks of a PNG, so that a saved picture carries its own recipe.

Chunks: "onebrush" is the whole turn as JSON (format 1), "Description" the prompt as used and
"Software" the program, for other programs to show.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from types import UnionType
from typing import Any, BinaryIO, get_args, get_origin, get_type_hints

from PIL import Image, PngImagePlugin

from app.turns import Recipe, Step, Turn

KEY = "onebrush"
FORMAT = 1
LARGEST = 1 << 20  # characters; a recipe is a few thousand
# what pictures saved by the first version do not have
LATER = {Step: {"mask"}, Recipe: {"size", "fast"}, Turn: {"language"}}


def to_chunks(turn: Turn) -> dict[str, str]:
    """The text chunks for the picture that `turn` just made (its last request)."""
    recipe = turn.requests[-1] if turn.requests else None
    return {
        "Software": "OneBrush",
        "Description": recipe.prompt if recipe else turn.message,
        KEY: json.dumps({"format": FORMAT, **asdict(turn)}, ensure_ascii=False),
    }


def from_chunks(chunks: dict[str, str]) -> Turn | None:
    """The turn in a PNG's text chunks, None if it carries none.

    Raises ValueError in one sentence where there is a recipe that cannot be read.
    """
    text = chunks.get(KEY)
    if text is None:
        return None
    if len(text) > LARGEST:
        raise ValueError("The recipe in this picture is too long to be one of ours.")
    try:
        values = json.loads(text)
        if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
            raise TypeError("format")
        return _build(Turn, values)
    except (json.JSONDecodeError, TypeError, KeyError, RecursionError):
        raise ValueError("The recipe in this picture is damaged.") from None


def save_png(image: Image.Image, path: Path | BinaryIO, turn: Turn | None) -> None:
    """Write an "RGB" picture as PNG, with the recipe of `turn` if there is one."""
    info = PngImagePlugin.PngInfo()
    for key, value in (to_chunks(turn) if turn else {}).items():
        info.add_itxt(key, value)
    large = image.width * image.height > 4_000_000  # zlib at its best takes seconds there
    image.save(path, format="PNG", pnginfo=info, compress_level=1 if large else 6)


def read_png(path: str | Path) -> Turn | None:
    """The turn that a PNG file carries, None if it carries none; ValueError if damaged."""
    with Image.open(path, formats=("PNG",)) as image:
        image.load()  # text chunks may stand behind the pixels
        return from_chunks(dict(image.text))


def _build(kind: type, values: Any) -> Any:
    """An instance of the dataclass `kind`: every field there, of its type, and nothing else."""
    names = {field.name for field in fields(kind)}
    if not isinstance(values, dict) or not names - LATER.get(kind, set()) <= set(values) <= names:
        raise TypeError("fields")
    hints = get_type_hints(kind)
    return kind(**{name: _convert(hints[name], value) for name, value in values.items()})


def _convert(hint: Any, value: Any) -> Any:
    if hint is Any:
        return value
    if hint in (Step, Recipe):
        return _build(hint, value)
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(_convert(get_args(hint)[0], item) for item in value)
    if get_origin(hint) is dict and isinstance(value, dict):
        return {key: _convert(get_args(hint)[1], item) for key, item in value.items()}
    if get_origin(hint) is UnionType:
        if value is None:
            return None
        return _convert(get_args(hint)[0], value)
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise TypeError(str(hint))
