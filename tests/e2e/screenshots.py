"""python tests/e2e/screenshots.py: the pictures of the page in docs/images.

The empty page, a conversation, its dark side and a phone, with the built-in model.
"""

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from program import BROWSERS, FLAGS, Server
from window import Window

OUT = Path(__file__).parent.parent.parent / "docs" / "images"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def main() -> int:
    """Take them all."""
    OUT.mkdir(parents=True, exist_ok=True)
    model = os.environ.get("ONEBRUSH_E2E_MODEL")
    server = Server("--seed", "2", *(["--model", model] if model else []))
    path = next(filter(None, map(shutil.which, BROWSERS)))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            window = Window(browser, server.url, viewport=DESKTOP)
            take(window, "empty")
            for text in ("a cat on the beach", "make it night"):
                window.ask(text)
            take(window, "chat")
            window.page.get_by_role("tab", name="Before and after").click()
            window.ask("make it twice as large")
            window.page.locator("[data-do=theme]").click()
            take(window, "dark")
            window.page.set_viewport_size(PHONE)
            take(window, "phone")
            window.page.locator("[data-do=canvas]").click()
            take(window, "phone-canvas")
            browser.close()
    finally:
        server.close()
    return 0


def take(window: Window, name: str) -> None:
    """One screenshot, as a WebP of a few tens of kilobytes."""
    window.page.wait_for_timeout(1500)  # transitions and lazy pictures
    shot = OUT / f"{name}.webp"
    with Image.open(io.BytesIO(window.page.screenshot())) as image:
        image.convert("RGB").save(shot, quality=60, method=6)
    print(shot)


if __name__ == "__main__":
    sys.exit(main())
