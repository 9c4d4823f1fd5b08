"""The typed records of a conversation: what came in, what was decided, what came out.

Everything the user sees or saves is made from these. A `Turn` holds plain values only, so that
it can travel inside a PNG (provenance.py); pictures are named by their number in the session.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

TASKS = ("t2i", "edit", "sr", "inpaint")
NEEDS_PICTURE = ("edit", "sr", "inpaint")


@dataclass(frozen=True)
class Message:
    """What a person sent: words, uploaded files, and the painted area if there is one.

    mask: mode "L" at any size, white where the picture may change.
    """

    text: str = ""
    attachments: tuple[Path, ...] = ()
    mask: Image.Image | None = None


@dataclass(frozen=True)
class Step:
    """One thing to do: the task, the words it gets, and what else was said (intents.slots).

    slots hold JSON values, such as {"scale": 2} or {"picture": {"of": "previous"}}; mask: the
    painted area, if there is one, is meant for this step.
    """

    task: str
    text: str = ""
    slots: dict[str, Any] = field(default_factory=dict)
    mask: bool = False


@dataclass(frozen=True)
class Reading:
    """How the router understood a message: scores of all five intents, and what to do.

    sure: False where it had better ask; language: ISO code, or "other" for one it does not read.
    """

    intent: str
    sure: bool
    scores: dict[str, float]
    plan: tuple[Step, ...]
    language: str = "en"


@dataclass(frozen=True)
class Recipe:
    """One request as it went to the engine.

    source: the picture it started from, or None. scale: what the engine enlarged by, 0 where the
    picture was only made smaller. size: (width, height) where the words named one. fast: made in
    the model's fast way.
    """

    task: str
    prompt: str
    seed: int
    scale: int
    source: int | None
    masked: bool
    size: tuple[int, int] | None = None
    fast: bool = False


@dataclass(frozen=True)
class Turn:
    """One message and everything that came of it.

    base: the picture that was current when the message came; chosen: the task was a tap of the
    person's, not the router's guess; timings: seconds per picture; steps: denoising steps each;
    language: of the message; the plan's words are what the model was given.
    """

    message: str
    attachments: tuple[int, ...] = ()
    base: int | None = None
    masked: bool = False
    intent: str = "chat"
    confidence: float = 1.0
    chosen: bool = False
    scores: dict[str, float] = field(default_factory=dict)
    plan: tuple[Step, ...] = ()
    seed: int = 0
    model: str = ""
    requests: tuple[Recipe, ...] = ()
    images: tuple[int, ...] = ()
    timings: tuple[float, ...] = ()
    steps: tuple[int, ...] = ()
    language: str = "en"


@dataclass(frozen=True)
class Picture:
    """One picture of a conversation, stored as a PNG file.

    turn: the turn that made it, as far as it had come; None for an upload. origin: the picture
    it was made from, the other half of a before/after pair.
    """

    number: int
    path: Path
    width: int
    height: int
    alt: str
    turn: Turn | None = None
    origin: int | None = None

    @property
    def recipe(self) -> Recipe | None:
        """The request that made this picture, None for an upload."""
        return self.turn.requests[-1] if self.turn and self.turn.requests else None

    @property
    def seconds(self) -> float | None:
        """How long it took, None for an upload."""
        return self.turn.timings[-1] if self.turn and self.turn.timings else None
