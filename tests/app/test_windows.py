"""Two windows never share a conversation, a reloaded one has its own again, and a closed one is
forgotten after a while."""

import pytest
from PIL import Image

from app.windows import GRACE, Windows


def test_windows_are_apart(tmp_path):
    windows = Windows(tmp_path)
    one, two = windows.get("one"), windows.get("two")
    picture = one.session.add(Image.new("RGB", (9, 9)), "a")
    one.thread.say("secret")
    assert two.session.pictures == () and "secret" not in two.thread.log
    assert windows.get("one") is one and len(windows) == 2
    other = two.session.add(Image.new("RGB", (9, 9)), "a")
    assert picture.path.parent != other.path.parent
    assert len(picture.path.parent.name) == 32  # cannot be guessed


def test_a_closed_window_comes_back_within_the_hour(tmp_path):
    now = [0.0]
    windows = Windows(tmp_path, clock=lambda: now[0])
    window = windows.get("one")
    path = window.session.add(Image.new("RGB", (9, 9)), "a").path
    windows.leave("one")
    now[0] = GRACE
    assert windows.get("one") is window and path.exists()
    windows.leave("one")
    now[0] = 2 * GRACE + 1
    windows.get("two")
    assert len(windows) == 1 and not path.exists()


def test_leaving_stops_what_runs(tmp_path):
    windows = Windows(tmp_path)
    signal = windows.get("one").session.begin()
    windows.leave("one")
    assert signal.is_set()
    windows.leave("unknown")


TOKEN = "0123456789abcdef" * 2


def test_a_reloaded_page_has_its_conversation_again(tmp_path):
    windows = Windows(tmp_path)
    window = windows.join("first", TOKEN)
    window.thread.say("a cat")
    assert windows.get("first") is window
    windows.leave("first")
    assert windows.join("second", TOKEN) is window and windows.get("second") is window
    assert len(windows) == 1 and window.left is None


def test_the_old_page_may_be_gone_later_than_the_new_one_comes(tmp_path):
    windows = Windows(tmp_path)
    window = windows.join("first", TOKEN)
    assert windows.join("second", TOKEN) is window
    signal = window.session.begin()
    windows.leave("first")
    assert not signal.is_set() and window.left is None
    windows.leave("second")
    assert signal.is_set() and window.left is not None


def test_loading_a_page_anew_stops_what_it_was_waiting_for(tmp_path):
    windows = Windows(tmp_path)
    window = windows.join("first", TOKEN)
    window.thread.say("a cat")
    signal, runs = window.session.begin(), window.runs
    windows.join("second", TOKEN)
    assert signal.is_set() and not window.session.busy
    assert window.runs > runs and "Stopped" in window.thread.now


@pytest.mark.parametrize("token", ["", "short", TOKEN.upper(), TOKEN + "0", "../" + TOKEN[3:]])
def test_what_is_no_token_finds_nobodys_conversation(tmp_path, token):
    windows = Windows(tmp_path)
    one = windows.join("first", token)
    assert windows.join("second", token) is not one and windows.get("first") is one


def test_a_conversation_that_has_ended_begins_anew(tmp_path):
    now = [0.0]
    windows = Windows(tmp_path, clock=lambda: now[0])
    window = windows.join("first", TOKEN)
    windows.leave("first")
    now[0] = GRACE + 1
    assert windows.join("second", TOKEN) is not window


def test_close_removes_everything(tmp_path):
    windows = Windows(tmp_path)
    path = windows.get("one").session.add(Image.new("RGB", (9, 9)), "a").path
    windows.close()
    assert not path.exists() and len(windows) == 0
