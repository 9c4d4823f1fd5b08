"""The five intents, the context a message comes with, and one labelled example."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

INTENTS = ("t2i", "edit", "sr", "inpaint", "chat")
TASKS = INTENTS[:4]
INDEX = {name: i for i, name in enumerate(INTENTS)}


@dataclass(frozen=True)
class Context:
    """What stands around a message.

    images: pictures attached to it, 0 or more. mask: an area of a picture is painted.
    history: a picture already stands in the conversation.
    """

    images: int = 0
    mask: bool = False
    history: bool = False


@dataclass(frozen=True)
class Example:
    """One labelled message. plain: correctly spelled and a plain request."""

    text: str
    intent: str
    context: Context = field(default_factory=Context)
    plain: bool = True


# Short names for contexts, used by the grammar files.
CONTEXTS = {
    "-": Context(),
    "h": Context(history=True),
    "i": Context(images=1),
    "2": Context(images=2),
    "ih": Context(images=1, history=True),
    "m": Context(images=1, mask=True),
    "hm": Context(mask=True, history=True),
}


def read_examples(path: Path) -> list[Example]:
    """Read a JSONL file of {text, images, mask, history, intent, plain}.

    Raises ValueError naming the line that is not one, or whose intent is unknown.
    """
    examples = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            context = Context(row["images"], row["mask"], row["history"])
            example = Example(row["text"], row["intent"], context, row.get("plain", True))
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path.name} line {number}: not a labelled message") from None
        if example.intent not in INDEX:
            raise ValueError(f"{path.name} line {number}: unknown intent {example.intent!r}")
        examples.append(example)
    return examples
