"""The real program with the built-in model, and a real browser."""

import contextlib
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# software rendering: the painter draws with WebGL, also where there is no graphics card
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--enable-unsafe-swiftshader"]
STARTUP = 300.0  # seconds; a crowded machine is slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`python app/main.py` as a person starts it; `lines` is what it has said so far."""

    def __init__(self, *flags: str) -> None:
        self.lines: list[str] = []
        self._said: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "app/main.py", "--port", str(free_port()), *flags], cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self.url = self._wait().rpartition(" ")[2]

    def _listen(self) -> None:
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            self._said.put(line.rstrip())
        self._said.put(None)

    def _wait(self) -> str:
        end = time.monotonic() + STARTUP
        with contextlib.suppress(queue.Empty):
            while (line := self._said.get(timeout=max(end - time.monotonic(), 0))) is not None:
                if line.startswith("OneBrush is ready at "):
                    return line
        self.close()
        raise AssertionError("the program did not start: " + " / ".join(self.lines))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    model = os.environ.get("ONEBRUSH_E2E_MODEL")  # another model than the built-in one
    server = Server(*(["--model", model] if model else []))
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no browser, and CI needs one")
        pytest.skip("there is no browser on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
