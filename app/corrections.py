"""Keeping what people correct, where they want it: a file on this machine that they can delete.

The router learns from it with `python -m intents.train --corrections FILE`.
"""

import os
import sys
from pathlib import Path

from app.settings import Settings
from app.turns import Turn


def offered(settings: Settings) -> "Corrections | None":
    """What the page may offer: nothing to strangers, unless a file was named for them."""
    if settings.open and settings.corrections is None:
        return None
    return Corrections(settings.corrections or default_file(), own=not settings.open)


def default_file() -> Path:
    """corrections.jsonl in the person's own data folder, as each system has it."""
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return folder / "onebrush" / "corrections.jsonl"


class Corrections:
    """The file. own: who uses the page sits at this machine, so may see its path and delete it."""

    def __init__(self, file: Path, own: bool = True) -> None:
        self.file = file
        self.own = own

    @property
    def count(self) -> int:
        """How many corrections the file holds; 0 if there is none."""
        try:
            return len(self.file.read_bytes().splitlines())
        except OSError:
            return 0

    def keep(self, turn: Turn, task: str) -> None:
        """Add that the message of `turn` meant `task`. OSError if the file cannot be written.

        Only a message that was read as one wish teaches anything; a button's has no words.
        """
        from intents import Context
        from intents.corrections import append

        if turn.message and turn.scores and len(turn.plan) == 1:
            context = Context(len(turn.attachments), turn.masked, turn.base is not None)
            append(self.file, turn.message, context, task)

    def delete(self) -> None:
        """Remove the file, if there is one. OSError if it cannot be."""
        self.file.unlink(missing_ok=True)
