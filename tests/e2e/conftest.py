"""The real program with the built-in model, and a real browser."""

import os
import shutil
from collections.abc import Iterator

import pytest
from program import BROWSERS, FLAGS, Server
from window import Window


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    model = os.environ.get("ONEBRUSH_E2E_MODEL")  # another model than the built-in one
    server = Server("--seed", "1", *(["--model", model] if model else []))
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no browser on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(browser, server):
    """A fresh window on the page; nothing may have failed in it, or been fetched from elsewhere."""
    window = Window(browser, server.url, viewport={"width": 1440, "height": 900})
    yield window
    assert window.foreign == [] and window.errors == []
    window.close()
