"""What a turn reports while it runs, in this order:

Received? → Loading? → (Asked | Said | Noted? → Routed → Noted? → (Queued | Progress)* → Drawn …)
and, where it does not end well, Failed or Stopped. The page is drawn from these and nothing else.
"""

from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from app.turns import Picture, Turn


@dataclass(frozen=True)
class Received:
    """The uploads were read and now stand in the conversation; the last one is current."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Loading:
    """The model is still being loaded; the turn goes on by itself."""


@dataclass(frozen=True)
class Routed:
    """The task was chosen: `index`-th (from 0) of the steps of `turn.plan`; `count` pictures."""

    turn: Turn
    index: int
    count: int = 1


@dataclass(frozen=True)
class Noted:
    """A short line that stands with the answer: how it was read, what cannot be had."""

    text: str


@dataclass(frozen=True)
class Queued:
    """Waiting; `ahead` requests of others come first."""

    ahead: int


@dataclass(frozen=True)
class Progress:
    """Step `step` of `of` is done; `seconds_left` is a guess, None before there is one."""

    step: int
    of: int
    preview: Image.Image | None
    seconds_left: float | None


@dataclass(frozen=True)
class Drawn:
    """A finished picture, saved with its recipe. The first of each step is already current."""

    picture: Picture


@dataclass(frozen=True)
class Said:
    """An answer in words."""

    text: str


@dataclass(frozen=True)
class Asked:
    """The router is unsure: the two likeliest readings, likeliest first (intents)."""

    text: str
    readings: tuple[str, ...]


@dataclass(frozen=True)
class Failed:
    """One sentence on what to do next. keep: the message goes back into the box."""

    text: str
    keep: bool = True


@dataclass(frozen=True)
class Stopped:
    """The person pressed Stop; after `step` of `of` steps, (0, 0) before the first."""

    step: int
    of: int


Event: TypeAlias = (
    Received | Loading | Routed | Noted | Queued | Progress | Drawn | Said | Asked | Failed
    | Stopped
)
