"""Which picture of the conversation a step's words mean."""

import re
from collections.abc import Sequence
from typing import Any

from app import replies
from app.session import Session


class NoSuchPicture(ValueError):
    """The words name a picture that there is not; the message asks back in one sentence."""


def picture_of(slots: dict[str, Any], session: Session, attachments: Sequence[int],
               base: int | None) -> int | None:
    """The number of the picture that is meant; `base`, the current one, unless words say other.

    slots: {"picture": {"of": "upload" | "any" | "previous" | "original", "index": …}} or without
    it; attachments: the pictures that came with the message. NoSuchPicture where there is none.
    """
    wanted = slots.get("picture")
    if base is None or not isinstance(wanted, dict):
        return base
    kind, index = wanted.get("of"), wanted.get("index")
    if kind == "previous":
        if session.before is None:
            raise NoSuchPicture(replies.NO_PREVIOUS)
        return session.before
    if kind == "original":
        return root_of(session, base)
    if kind not in ("upload", "any") or not isinstance(index, int) or index == 0:
        return base
    numbers = list(attachments) or [each.number for each in session.pictures
                                    if kind == "any" or each.turn is None]
    # "photo" is also what people call a picture that was drawn for them
    numbers = numbers or [each.number for each in session.pictures]
    if abs(index) > len(numbers):
        raise NoSuchPicture(replies.so_many(len(numbers), kind == "upload"))
    return numbers[index - 1 if index > 0 else index]


_POINTING = re.compile(
    r"\b(?:(?:the|my|your) (?:very )?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|"
    r"tenth|\d+(?:st|nd|rd|th)|last|latest|newest|most recent|previous|earlier|prior|original) "
    r"(?:uploaded )?(?:picture|image|photo|photograph|pic|drawing|version|variation|result|shot|"
    r"upload|one)|(?:picture|image|photo|version|drawing) (?:number |no\. ?|#)?\d{1,2})\b",
    re.IGNORECASE)


def about_it(text: str) -> str:
    """The words for a picture that has been found: "the second one" is the one it works on."""
    return _POINTING.sub("the picture", text)


_CHANGE = re.compile(
    r"^(?:(?:add|include|insert)\s+(?=\S)|(?:(?:make|turn|change|set|render|paint|transform)\s+)?"
    r"(?:it|this|that|them|these|those|(?:the |this |my )?(?:picture|image|photo|scene))\b"
    r"(?:\s+(?:be|to be|to|into|in|look like|look|a bit|a little))*\s*)", re.IGNORECASE)


def drawn_anew(text: str, session: Session, base: int | None) -> str:
    """What to draw where an instruction is taken as a drawing: what it was about, changed so.

    "make it night" beside a picture drawn from "a cat on the beach" is "a cat on the beach, night".
    """
    change = _CHANGE.sub("", text).strip()
    if change == text or not change:
        return text
    root = session.picture(root_of(session, base)).recipe if base else None
    return f"{root.prompt}, {change}" if root else change


def root_of(session: Session, number: int) -> int:
    """The picture that this one goes back to, however many edits ago."""
    while (origin := session.picture(number).origin) is not None:
        number = origin
    return number
