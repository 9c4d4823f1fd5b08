"""What the words of a step point at: which picture, how large, which seed.

The slots are those of intents: {"picture": {"of": …, "index": …}}, {"scale": …}, {"width": …},
{"height": …}, {"seed": …}. What cannot be followed falls back to the obvious.
"""

from collections.abc import Sequence
from typing import Any

from app.session import Session
from app.turns import Step

SCALES = (2, 4)  # what the backbone does in one go


def scale_of(slots: dict[str, Any], size: tuple[int, int]) -> int:
    """2 or 4: the smaller one that reaches what was asked for, 2 where nothing was.

    size: the picture's (width, height); slots "width" and "height" name a target in pixels.
    """
    wish = float(slots.get("scale", 0))
    for name, length in zip(("width", "height"), size, strict=True):
        if name in slots:
            wish = max(wish, float(slots[name]) / length)
    return next((scale for scale in SCALES if scale >= wish), SCALES[-1])


def seed_of(plan: Sequence[Step]) -> int | None:
    """The seed that the words name, None if they name none."""
    return next((step.slots["seed"] for step in plan if "seed" in step.slots), None)


def picture_of(slots: dict[str, Any], session: Session, attachments: Sequence[int],
               base: int | None) -> int | None:
    """The number of the picture that is meant; `base`, the current one, unless words say other.

    attachments: the pictures that came with the message.
    """
    wanted = slots.get("picture")
    if base is None or not isinstance(wanted, dict):
        return base
    if wanted.get("of") == "previous":
        return session.before or base
    if wanted.get("of") == "original":
        return _root(session, base)
    uploads = [each.number for each in session.pictures if each.turn is None]
    among = {"upload": list(attachments) or uploads,
             "any": list(attachments) or [each.number for each in session.pictures]}
    numbers = among.get(str(wanted.get("of")), [])
    index = wanted.get("index")
    if not isinstance(index, int) or index == 0 or abs(index) > len(numbers):
        return base
    return numbers[index - 1 if index > 0 else index]


def _root(session: Session, number: int) -> int:
    """The picture that this one goes back to, however many edits ago."""
    while (origin := session.picture(number).origin) is not None:
        number = origin
    return number
