"""One conversation per browser window, kept apart, and thrown away some time after it closed."""

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.session import Session
from app.thread import Thread

# A phone that sleeps looks like a closed window; what it held must still be there afterwards.
GRACE = 3600.0


class Window:
    """A conversation and what the page shows of it."""

    def __init__(self, folder: Path, fast: bool = False) -> None:
        self.session = Session(folder, fast)
        self.thread = Thread()
        self.left: float | None = None


class Windows:
    """Finds a window's conversation by the key its browser sent.

    folder: where the pictures go; the names inside it cannot be guessed, because whoever knows
    the address of a file can fetch it. fast: how conversations begin (`Session.fast`).
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic,
                 fast: bool = False) -> None:
        self._folder = folder
        self._fast = fast
        self._clock = clock
        self._windows: dict[str, Window] = {}
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._windows)

    def get(self, key: str) -> Window:
        """The window of this key; a new one if it is the first message."""
        with self._guard:
            self._sweep()
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = Window(
                    self._folder / secrets.token_hex(16), self._fast)
            window.left = None
            return window

    def leave(self, key: str) -> None:
        """The browser closed this window: what it is waiting for is stopped."""
        with self._guard:
            window = self._windows.get(key)
            if window is not None:
                window.left = self._clock()
                window.session.abandon()

    def close(self) -> None:
        """End every conversation."""
        with self._guard:
            for window in self._windows.values():
                window.session.close()
            self._windows.clear()

    def _sweep(self) -> None:
        now = self._clock()
        for key, window in list(self._windows.items()):
            if window.left is not None and now - window.left > GRACE:
                window.session.close()
                del self._windows[key]
