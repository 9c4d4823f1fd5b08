"""The program as a person starts it, and the browser to look at it with."""

import contextlib
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# software rendering: the painter draws with WebGL, also where there is no graphics card
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--enable-unsafe-swiftshader"]
STARTUP = 300.0  # seconds; a crowded machine is slow
CLOSING = 120.0


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
        self._process.wait(timeout=CLOSING)
