"""One conversation per browser window, kept apart, and thrown away some time after it closed."""

import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.session import Session
from app.thread import Thread

# A phone that sleeps looks like a closed window; what it held must still be there afterwards.
GRACE = 3600.0
_TOKEN = re.compile("[0-9a-f]{32}")


class Window:
    """A conversation and what the page shows of it."""

    def __init__(self, folder: Path, fast: bool = False) -> None:
        self.session = Session(folder, fast)
        self.thread = Thread()
        self.actions = ""  # the buttons under the last answer
        self.runs = 0  # how many turns the page was shown, and how often it was shown anew
        self.left: float | None = None

    def abandon(self) -> None:
        """Stop the running turn, if there is one, and say so where its answer would stand."""
        if self.session.busy:
            self.session.abandon()
            self.thread.cut()
            self.runs += 1


class Windows:
    """Finds a window's conversation by the page that its browser shows.

    A page is known by gradio's name for it, which a reload changes. So a page also brings a token,
    which its browser keeps for as long as the window is open, and the conversation is found by
    that. folder: where the pictures go; the names inside it cannot be guessed, because whoever
    knows the address of a file can fetch it. fast: how conversations begin (`Session.fast`).
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic,
                 fast: bool = False) -> None:
        self._folder = folder
        self._fast = fast
        self._clock = clock
        self._windows: dict[str, Window] = {}  # by token, or by page where there is none
        self._pages: dict[str, str] = {}  # page -> the key of its window, while it is open
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._windows)

    def get(self, page: str) -> Window:
        """The window of this page; a new one if it is the first message."""
        with self._guard:
            return self._open(page, page)

    def join(self, page: str, token: str) -> Window:
        """The window of a page that has just come up: the one that brought the same token before,
        where what it was waiting for is stopped; a new one if there is none.

        A token is 32 hexadecimal digits; with anything else the page has a window of its own.
        """
        with self._guard:
            window = self._open(page, token if _TOKEN.fullmatch(token or "") else page)
            window.abandon()
            return window

    def leave(self, page: str) -> None:
        """The browser closed this page: what it is waiting for is stopped, unless the window has
        another page by now."""
        with self._guard:
            key = self._pages.pop(page, None)
            if key is not None and key not in self._pages.values():
                self._windows[key].left = self._clock()
                self._windows[key].abandon()

    def close(self) -> None:
        """End every conversation."""
        with self._guard:
            for window in self._windows.values():
                window.session.close()
            self._windows.clear()
            self._pages.clear()

    def _open(self, page: str, key: str) -> Window:
        self._sweep()
        key = self._pages.setdefault(page, key)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(self._folder / secrets.token_hex(16), self._fast)
        window.left = None
        return window

    def _sweep(self) -> None:
        now = self._clock()
        for key, window in list(self._windows.items()):
            if window.left is not None and now - window.left > GRACE:
                window.session.close()
                del self._windows[key]
