"""Turns that are refused, stopped, in line, or go wrong: the conversation goes on."""

import threading
from concurrent.futures import Future

import pytest
from PIL import Image
from tiny_app import kinds, ready, say

from app.chat import LONGEST, Chat
from app.events import Failed, Loading, Progress, Queued, Said, Stopped
from app.session import Session
from app.turns import Message


@pytest.mark.parametrize(("text", "named"), [("", "Write"), ("x" * (LONGEST + 1), str(LONGEST))])
def test_a_message_that_cannot_be_used(chat, session, text, named):
    (event,) = say(chat, session, text)
    assert isinstance(event, Failed) and event.keep and named in event.text


def test_a_refused_upload_changes_nothing_and_the_conversation_goes_on(chat, session, photo,
                                                                       tmp_path):
    text = tmp_path / "notes.png"
    text.write_text("not a picture")
    (event,) = say(chat, session, "make it night", photo, text)
    assert isinstance(event, Failed) and event.keep and "not a picture" in event.text
    assert session.pictures == () and not session.busy
    say(chat, session, "a cat on the beach")
    assert len(session.pictures) == 1


def test_too_large_an_upload_names_the_limit_of_this_chat(chat, session, tmp_path):
    Image.new("1", (2000, 1000)).save(tmp_path / "large.png")
    (event,) = say(chat, session, "make it night", tmp_path / "large.png")
    assert "2 megapixels; the limit is 1." in event.text


def test_what_the_engine_refuses_is_one_sentence(chat, session, tmp_path):
    Image.new("RGB", (3000, 10)).save(tmp_path / "wide.png")
    say(chat, session, "", tmp_path / "wide.png")
    events = list(chat.upscale(session))
    assert isinstance(events[-1], Failed) and "4096" in events[-1].text
    assert not session.busy


def test_stop_ends_within_a_step_and_keeps_nothing(slow_chat, session):
    events, seen = slow_chat.turn(Message("a cat on the beach"), session), []
    for event in events:
        seen.append(event)
        if isinstance(event, Progress):
            session.stop()
            break
    stopped_at = seen[-1].step
    rest = list(events)
    assert isinstance(rest[-1], Stopped)
    assert stopped_at <= rest[-1].step <= stopped_at + 2 < 900
    assert session.pictures == () and not session.busy


def test_stop_ends_the_whole_plan(slow_chat, session):
    events = slow_chat.turn(Message("draw a cat, then make it night"), session)
    for event in events:
        if isinstance(event, Progress):
            session.stop()
            break
    assert isinstance(list(events)[-1], Stopped)


def test_a_second_message_meanwhile_is_refused(slow_chat, session):
    events = slow_chat.turn(Message("a cat"), session)
    next(events)
    assert kinds(say(slow_chat, session, "a dog")) == [Failed]
    session.stop()
    assert isinstance(list(events)[-1], Stopped)


def test_others_wait_in_line(slow_chat, session, tmp_path):
    other = Session(tmp_path / "other")
    first = slow_chat.turn(Message("a cat"), session)
    while not isinstance(next(first), Progress):
        pass
    second = slow_chat.turn(Message("a dog"), other)
    waiting = [next(second) for _ in range(2)]
    assert isinstance(waiting[1], Queued) and waiting[1].ahead == 1
    session.stop()
    list(first)
    assert any(isinstance(event, Progress) for event in [next(second), next(second)])
    other.stop()
    list(second)


def test_a_message_before_the_model_is_there_waits_for_it(backend, session):
    future: Future = Future()
    chat = Chat(future, 1.0, lambda: 7)
    events = chat.turn(Message("hello"), session)
    assert isinstance(next(events), Loading)
    threading.Timer(0.05, future.set_result, [backend]).start()
    assert kinds(events) == [Said]


def test_an_unexpected_failure_is_one_sentence(backend, session, caplog):
    chat = Chat(ready(backend), 1.0, lambda: 7)
    list(chat.turn(Message("a cat on the beach"), session))
    session.current.path.unlink()  # the disk lost it
    (*_, event) = chat.turn(Message("make it night"), session)
    assert isinstance(event, Failed) and "Try again" in event.text and "Errno" not in event.text
    assert not session.busy and "a turn failed" in caplog.text
