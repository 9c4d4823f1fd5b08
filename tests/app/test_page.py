"""The page can be built, names every control, and fetches nothing from elsewhere."""

import json
import re
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from app import welcome
from app.chat import Chat
from app.settings import Settings
from app.turns import Message
from app.windows import Window, Windows


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    from app.ui import Page

    backend: Future = Future()
    settings = Settings(model="some/model")
    windows = Windows(tmp_path_factory.mktemp("windows"))
    return Page(Chat(backend, 1.0, lambda: 7), windows, backend, settings).build()


def test_only_the_typed_call_is_offered_to_programs(page):
    public = [fn["api_name"] for fn in page.get_config_file()["dependencies"]
              if fn["api_visibility"] == "public"]
    assert public == ["generate"]


def test_nobody_waits_for_another_windows_handler(page):
    streaming = [fn for fn in page.fns.values() if fn.name in ("send", "act", "arrive")]
    assert len(streaming) == 9
    assert all(fn.concurrency_limit is None for fn in streaming)


def test_stop_does_not_stand_in_the_queue(page):
    (stop,) = [fn for fn in page.fns.values() if fn.name == "stop"]
    assert stop.queue is False


def test_no_font_and_no_style_from_elsewhere():
    from app.theme import css, theme

    look = theme()
    assert look._stylesheets == [] and look._font_css == []
    assert not re.findall(r"url\(['\"]?https?:", css() + look._get_theme_css())
    assert "prefers-reduced-motion" in css()


def test_examples_run_on_the_first_ones_picture(tmp_path):
    (tmp_path / "draw.webp").write_bytes(b"")
    assert welcome.message(0, tmp_path) == Message("a cat on the beach")
    assert welcome.message(1, tmp_path) == Message("make it night", (tmp_path / "draw.webp",))
    assert {card.task for card in welcome.CARDS} == {"t2i", "edit", "inpaint", "sr"}
    with pytest.raises(IndexError):
        welcome.message(4)


def test_the_empty_page_names_the_small_models_limits(tmp_path):
    html = welcome.page(tmp_path, known=(60, 12))
    assert "knows 60 things in 12 places" in html and 'data-do="words"' in html
    assert "knows" not in welcome.page(tmp_path)
    assert html.count("data-do=\"example:") == 4


def test_the_words_are_the_models_own():
    things, places = welcome.vocabulary()
    assert len(things) >= 60 and len(places) >= 12
    assert things["owl"] == "an owl on the beach" and places["beach"] == "a cat on the beach"
    html = welcome.words(things, places)
    assert html.count("<button") == len(things) + len(places)
    assert 'data-do="say:a cat on the beach"' in html


def test_the_last_update_of_a_turn_is_whole(chat, future, tmp_path):
    # gradio's page may lose any but the last: it writes an update into the one before it
    from app.ui import Page

    page = Page(chat, Windows(tmp_path), future, Settings(model="some/model"))
    page.build()
    window = Window(tmp_path / "window")
    *_, last = page._say(window, Message("a cat on the beach, then make it night"))
    second = window.session.pictures[1]
    assert window.session.current == second
    assert last[page.editor]["background"] == str(second.path)
    assert last[page.compare].visible and last[page.slider][1] == str(second.path)
    assert last[page.thread].visible and not last[page.welcome].visible
    assert last[page.strip].count("ob-thumb") == 2 and last[page.actions]


def test_a_page_that_comes_up_anew_shows_what_stood_there(chat, future, tmp_path):
    from app.ui import Page

    page = Page(chat, Windows(tmp_path), future, Settings(model="some/model"))
    page.build()
    first, second = (SimpleNamespace(session_hash=name) for name in ("first", "second"))
    token = "f" * 32
    *_, empty = page.arrive(token, first)
    assert page.thread not in empty and page.log not in empty
    list(page._say(page.windows.get("first"), Message("a cat on the beach")))
    *_, shown = page.arrive(token, second)
    assert "a cat on the beach" in shown[page.log] and "<img" in shown[page.now]
    assert shown[page.thread].visible and not shown[page.welcome].visible
    assert shown[page.strip].count("ob-thumb") == 1 and "Undo" in shown[page.actions]


def test_a_turn_whose_page_is_gone_writes_into_no_other(chat, future, tmp_path):
    from app.ui import Page

    page = Page(chat, Windows(tmp_path), future, Settings(model="some/model"))
    page.build()
    window = page.windows.join("first", "e" * 32)
    running = page._say(window, Message("a cat on the beach"))
    next(running)
    next(running)
    page.windows.join("second", "e" * 32)
    stopped = window.thread.now
    assert "Stopped" in stopped and list(running) == [] and window.thread.now == stopped
    *_, last = page._say(window, Message("a dog on the beach"))
    assert last[page.strip].count("ob-thumb") == 1 and "a dog" in window.thread.log


def test_the_config_is_plain_json(page):
    json.dumps(page.get_config_file())
