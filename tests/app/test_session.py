"""Pictures are never lost, and undo goes back the way one came."""

import threading

import pytest
from PIL import Image

from app.session import Session


def picture(color: str) -> Image.Image:
    return Image.new("RGB", (12, 9), color)


def test_a_new_picture_is_current_and_numbered(session):
    first = session.add(picture("red"), "red")
    second = session.add(picture("blue"), "blue")
    assert (first.number, second.number) == (1, 2)
    assert session.current == second
    assert (second.width, second.height) == (12, 9)
    assert session.image(1).getpixel((0, 0)) == (255, 0, 0)
    assert session.image(2).getpixel((0, 0)) == (0, 0, 255)


def test_undo_walks_back_over_new_pictures_and_over_taps(session):
    for color in ("red", "green", "blue"):
        session.add(picture(color), color)
    session.make_current(1)
    assert [session.undo().number for _ in range(3)] == [3, 2, 1]
    assert session.undo() is None and session.current is None
    assert not session.can_undo
    assert session.undo() is None
    assert len(session.pictures) == 3


def test_a_tap_on_the_current_picture_is_nothing_to_undo(session):
    session.add(picture("red"), "red")
    session.make_current(1)
    session.undo()
    assert session.current is None


def test_a_picture_added_after_undo_does_not_replace_the_undone_one(session):
    session.add(picture("red"), "red")
    session.add(picture("green"), "green")
    session.undo()
    third = session.add(picture("blue"), "blue")
    assert third.number == 3
    assert [each.alt for each in session.pictures] == ["red", "green", "blue"]
    assert session.undo().number == 1


@pytest.mark.parametrize("number", [0, 2, -1])
def test_there_is_no_picture_of_another_number(session, number):
    session.add(picture("red"), "red")
    with pytest.raises(KeyError):
        session.make_current(number)
    assert session.current.number == 1


def test_one_turn_at_a_time(session):
    signal = session.begin()
    assert signal is not None and session.busy
    assert session.begin() is None
    session.end(signal)
    assert not session.busy and session.begin() is not None


def test_stop_calls_the_running_job_and_one_that_starts_after_it(session):
    called: list[str] = []
    signal = session.begin()
    session.watch(signal, lambda: called.append("first"))
    session.stop()
    assert called == ["first"] and signal.is_set()
    session.watch(signal, lambda: called.append("second"))
    assert called == ["first", "second"]


def test_an_abandoned_turn_neither_holds_nor_ends_the_next_one(session):
    called: list[str] = []
    old = session.begin()
    session.watch(old, lambda: called.append("old"))
    session.abandon()
    assert called == ["old"] and old.is_set()
    new = session.begin()
    assert new is not None and not new.is_set()
    session.end(old)
    assert session.busy and session.begin() is None
    session.watch(old, lambda: called.append("late"))
    session.stop()
    assert called == ["old", "late"] and new.is_set()


def test_stop_without_a_turn_leaves_the_next_one_alone(session):
    session.stop()
    assert not session.begin().is_set()


def test_close_removes_the_files_and_stops(tmp_path):
    session = Session(tmp_path / "a")
    path = session.add(picture("red"), "red").path
    signal: threading.Event = session.begin()
    session.close()
    assert not path.exists() and signal.is_set()
