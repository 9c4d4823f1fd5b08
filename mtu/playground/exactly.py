"""Edits that need less of the model than to draw the picture anew, and come out better so.

A style is arithmetic on every pixel (styles.py). One thing is moved, resized or recoloured by
cutting it out, and replaced by drawing where it stood (cutting.py); of the model that asks a
removal, which it does best, and a drawing under a mask. A thing is added by such a drawing too,
where the model's finder reads from the words that it belongs. Pictures are uint8 (H, W, 3).
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from .cut_words import cut_of
from .cutting import cut, place_of
from .styles import style_of, stylize


@dataclass(frozen=True)
class Ask:
    """What the model is to do on the picture, as the task "inpaint". area: where, bool (H, W);
    None where words tell: those of `where`, or if there are none the prompt's. behind: the picture
    that the thing is drawn in front of, for a drawing; None where it is done to the source."""

    prompt: str
    area: np.ndarray | None = None
    where: str = ""
    behind: np.ndarray | None = None


Carrying = Generator[Ask, np.ndarray, np.ndarray | None]


def carry_out(instruction: str, source: np.ndarray) -> Carrying:
    """Make the change that an instruction asks for: yields what the model is to do, is sent the
    picture that it makes of `source`, and returns the result; None if this is no such change, or
    the thing was not found."""
    if style := style_of(instruction):
        return stylize(source, style)
    change = cut_of(instruction)
    if change is None:
        return None
    if change.kind == "add":
        return (yield Ask(f"draw {change.new} here", where=instruction, behind=source))
    plate = yield Ask(f"remove {change.thing}")
    if change.kind != "replace":
        return cut(source, plate, change)
    area = place_of(source, plate)
    return None if area is None else (yield Ask(f"draw {change.new} here", area, behind=plate))
