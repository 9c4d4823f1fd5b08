"""What a person does with one browser window, in the words of the page."""

import io
import re
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

PATIENCE = 240_000  # milliseconds for one picture; a crowded machine is slow
CHIPS = "#ob-thread .ob-bot .ob-chip"


class Window:
    """One window on the running program."""

    def __init__(self, browser: Browser, url: str, **options) -> None:
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self._look(request.url, url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._streams = 0  # through which the program is sending updates
        self.page.on("request", lambda request: self._count(request, 1))
        self.page.on("requestfinished", lambda request: self._count(request, -1))
        self.page.on("requestfailed", lambda request: self._count(request, -1))
        self.page.goto(url)
        expect(self.page.locator(".ob-ready")).to_be_visible(timeout=PATIENCE)

    def _look(self, address: str, home: str) -> None:
        if not address.startswith((home.rstrip("/"), "data:", "blob:")):
            self.foreign.append(address)

    def _count(self, request: Request, more: int) -> None:
        if "/queue/data?" in request.url:
            self._streams += more

    @property
    def box(self):
        return self.page.locator("#ob-box textarea")

    def type(self, text: str) -> None:
        """Type a message and send it with the Enter key."""
        self.box.fill(text)
        self.box.press("Enter")

    def attach(self, *files: Path) -> None:
        """Add files to the message that is being written."""
        self.page.locator("#ob-box input[type=file]").set_input_files(list(files))
        expect(self.page.locator("#ob-box .thumbnail-item")).to_have_count(len(files))

    def wait(self) -> None:
        """Wait for the end of the turn: it is answered, Stop is Send again, nothing more comes."""
        expect(self.page.locator("#ob-now .ob-bot")).to_be_visible(timeout=PATIENCE)
        expect(self.page.locator("#ob-box .submit-button")).to_be_visible(timeout=PATIENCE)
        for _ in range(PATIENCE // 50):
            if not self._streams:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the page is still being sent updates")

    def ask(self, text: str) -> None:
        """Send a message and wait for its end."""
        before = self.said()
        self.type(text)
        expect(self.messages).not_to_have_count(before, timeout=PATIENCE)
        self.wait()

    def press(self, label: str) -> None:
        """Press one of the buttons under the answer and wait for the end."""
        before = self.said()
        self.page.locator("#ob-actions").get_by_role("button", name=label, exact=True).click()
        expect(self.messages).not_to_have_count(before, timeout=PATIENCE)
        self.wait()

    def said(self) -> int:
        """How many messages stand in the thread."""
        return self.messages.count()

    @property
    def messages(self):
        return self.page.locator("#ob-thread .ob-message")

    @property
    def answer(self) -> str:
        """The text of the last answer."""
        return self.page.locator("#ob-thread .ob-bot").last.inner_text()

    @property
    def route(self) -> str:
        """The task of the last route card, without how sure it was."""
        return re.split(r"\W", self.page.locator(CHIPS).last.inner_text().strip())[0]

    @property
    def pictures(self) -> int:
        """How many pictures the filmstrip holds."""
        return self.page.locator("#ob-strip .ob-thumb").count()

    @property
    def current(self) -> int:
        """The number of the current picture; 0 if there is none."""
        marked = self.page.locator("#ob-strip .ob-thumb[aria-current=true]")
        return int(marked.inner_text()) if marked.count() else 0

    def download(self) -> Image.Image:
        """The current picture, by its download link."""
        with self.page.expect_download() as waiting:
            self.page.locator(".ob-download").click()
        return Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))

    def pixels(self) -> np.ndarray:
        """The current picture as (H, W, 3) whole numbers."""
        return np.asarray(self.download().convert("RGB"), dtype=int)

    def close(self) -> None:
        self.context.close()
