"""Two windows never share a conversation, and a closed one is forgotten after a while."""

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


def test_close_removes_everything(tmp_path):
    windows = Windows(tmp_path)
    path = windows.get("one").session.add(Image.new("RGB", (9, 9)), "a").path
    windows.close()
    assert not path.exists() and len(windows) == 0
