"""A conversation: its pictures, which one is current, and the way back.

Pictures are only ever added: undo and a tap on an older one move a pointer. The files live in a
folder of the session's own and go when it closes.
"""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app.provenance import save_png
from app.turns import Message, Picture, Reading, Turn


@dataclass(frozen=True)
class Pending:
    """A message that waits for the person to say how it was meant."""

    message: Message
    base: int | None
    attachments: tuple[int, ...]
    reading: Reading


class Session:
    """One window's conversation. `folder` is made at the first picture and removed by `close`.

    fast: pictures are made in the model's fast way, where it has one; the person may switch.
    """

    def __init__(self, folder: Path, fast: bool = False) -> None:
        self._folder = folder
        self._pictures: list[Picture] = []
        self._trail: list[int | None] = []  # what was current before, oldest first
        self._current: int | None = None
        self._stop: threading.Event | None = None
        self._cancel: Callable[[], None] | None = None
        self._guard = threading.Lock()
        self.turns: list[Turn] = []
        self.masks: dict[int, Image.Image] = {}  # turn's place in `turns` → what was painted
        self.pending: Pending | None = None
        self.remember = False  # corrections may be kept
        self.fast = fast

    # -- pictures ---------------------------------------------------------------------------

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Every picture of the conversation, in order; `number` counts from 1."""
        return tuple(self._pictures)

    @property
    def current(self) -> Picture | None:
        """The picture that "it" means."""
        return None if self._current is None else self.picture(self._current)

    def picture(self, number: int) -> Picture:
        """The picture of this number; KeyError if there is none."""
        if not 1 <= number <= len(self._pictures):
            raise KeyError(f"there is no picture {number} in this conversation")
        return self._pictures[number - 1]

    def image(self, number: int) -> Image.Image:
        """The pixels of a picture, mode "RGB"."""
        with Image.open(self.picture(number).path) as image:
            return image.convert("RGB")

    def add(self, image: Image.Image, alt: str, turn: Turn | None = None,
            origin: int | None = None, current: bool = True) -> Picture:
        """Save an "RGB" image as the next picture and, unless told otherwise, make it current."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number = self.next_number
        path = self._folder / f"onebrush-{number}.png"
        save_png(image, path, turn)
        picture = Picture(number, path, image.width, image.height, alt, turn, origin)
        self._pictures.append(picture)
        if current:
            self.make_current(number)
        return picture

    def mask_of(self, picture: Picture) -> Image.Image | None:
        """What was painted for the turn that made a picture, None if nothing was."""
        made = (place for place, turn in enumerate(self.turns) if picture.number in turn.images)
        return self.masks.get(next(made, -1))

    @property
    def seed(self) -> int | None:
        """The seed of the current picture, or of the one made last; None if none was made."""
        made = [self.current, *reversed(self._pictures)]
        return next((each.recipe.seed for each in made if each and each.recipe), None)

    @property
    def next_number(self) -> int:
        """The number that the next picture will have."""
        return len(self._pictures) + 1

    # -- the pointer ------------------------------------------------------------------------

    def make_current(self, number: int) -> Picture:
        """Point at a picture; undo comes back to the one before. KeyError if there is none."""
        picture = self.picture(number)
        if number != self._current:
            self._trail.append(self._current)
            self._current = number
        return picture

    @property
    def before(self) -> int | None:
        """The number of the picture that undo would come back to."""
        return self._trail[-1] if self._trail else None

    @property
    def can_undo(self) -> bool:
        """True if something was current before."""
        return bool(self._trail)

    def undo(self) -> Picture | None:
        """Go back to what was current before; None if that was an empty canvas."""
        if self._trail:
            self._current = self._trail.pop()
        return self.current

    # -- one turn at a time, and stopping it ------------------------------------------------

    def begin(self) -> threading.Event | None:
        """Take the conversation for one turn: its stop signal, or None if one is running."""
        with self._guard:
            if self._stop is not None:
                return None
            self._stop = threading.Event()
            return self._stop

    def watch(self, stop: threading.Event, cancel: Callable[[], None]) -> None:
        """Say what Stop has to call from now on, for the turn that holds `stop`."""
        with self._guard:
            if self._stop is stop:
                self._cancel = cancel
        if stop.is_set():
            cancel()

    def end(self, stop: threading.Event) -> None:
        """Give the conversation back, if the turn that holds `stop` still has it."""
        with self._guard:
            if self._stop is stop:
                self._stop = self._cancel = None

    @property
    def busy(self) -> bool:
        """True while a turn runs."""
        return self._stop is not None

    def stop(self) -> None:
        """Stop the running turn within one denoising step; nothing happens if none runs."""
        with self._guard:
            if self._stop is not None:
                self._stop.set()
            cancel = self._cancel
        if cancel is not None:
            cancel()

    def abandon(self) -> None:
        """Stop the running turn and be free at once: nobody may be left to see it end."""
        self.stop()
        with self._guard:
            self._stop = self._cancel = None

    def close(self) -> None:
        """Stop what runs and remove the files."""
        self.abandon()
        shutil.rmtree(self._folder, ignore_errors=True)
