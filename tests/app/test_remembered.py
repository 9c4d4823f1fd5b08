"""Corrections are kept where a person lets them be, and nowhere else."""

import json

import pytest
from tiny_app import say

from app import cards
from app.chat import Chat
from app.corrections import Corrections, default_file, offered
from app.events import Drawn, Noted
from app.settings import Settings
from intents.corrections import read


@pytest.fixture
def kept(tmp_path) -> Corrections:
    return Corrections(tmp_path / "kept" / "corrections.jsonl")


@pytest.fixture
def chat(future, kept) -> Chat:
    return Chat(future, 1.0, lambda: 7, kept)


def test_nothing_is_written_unless_the_person_lets_it(chat, session, kept):
    say(chat, session, "a cat on the beach")
    say(chat, session, "make it night")
    list(chat.take_as("inpaint", session))
    assert not kept.file.parent.exists() and kept.count == 0


def test_with_consent_a_tap_is_one_line_that_can_be_read(chat, session, kept, photo):
    session.remember = True
    say(chat, session, "a cat on the beach")
    assert not kept.file.exists()  # only a correction is one
    say(chat, session, "make it night", photo)
    list(chat.take_as("inpaint", session))
    (line,) = kept.file.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"text": "make it night", "images": 1, "mask": False,
                                "history": True, "intent": "inpaint"}
    assert kept.count == 1 and read(kept.file)[0].intent == "inpaint"
    list(chat.retry(session))
    assert kept.count == 1


def test_buttons_and_plans_teach_nothing(chat, session, kept):
    session.remember = True
    say(chat, session, "draw a cat, then make it night")
    list(chat.take_as("edit", session))
    list(chat.upscale(session))
    list(chat.take_as("edit", session))
    assert kept.count == 0


def test_delete_deletes(chat, session, kept):
    session.remember = True
    say(chat, session, "a cat on the beach")
    list(chat.take_as("t2i", session))
    assert kept.count == 1
    kept.delete()
    assert not kept.file.exists() and kept.count == 0
    kept.delete()


def test_a_file_that_cannot_be_written_is_said_and_the_picture_comes(future, session, tmp_path):
    (tmp_path / "file").write_text("")
    chat = Chat(future, 1.0, lambda: 7, Corrections(tmp_path / "file" / "corrections.jsonl"))
    session.remember = True
    say(chat, session, "a cat on the beach")
    events = list(chat.take_as("t2i", session))
    assert isinstance(events[0], Noted) and "could not be kept" in events[0].text
    assert isinstance(events[-1], Drawn)


def test_strangers_are_offered_nothing_unless_a_file_was_named(tmp_path):
    file = tmp_path / "a.jsonl"
    assert offered(Settings()).own and offered(Settings()).file == default_file()
    assert offered(Settings(corrections=file)).file == file
    for reachable in ({"share": True}, {"host": "0.0.0.0"}):
        assert offered(Settings(**reachable)) is None
        named = offered(Settings(corrections=file, **reachable))
        assert named.file == file and not named.own


def test_the_usual_file_is_in_the_persons_own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_file() == tmp_path / "onebrush" / "corrections.jsonl"


def test_the_switch_shows_the_path_to_the_owner_only(kept):
    off = cards.remember(False, kept)
    assert 'aria-checked="false"' in off and str(kept.file) not in off and "forget" not in off
    kept.file.parent.mkdir()
    kept.file.write_text("{}\n{}\n")
    on = cards.remember(True, kept)
    assert 'aria-checked="true"' in on and str(kept.file) in on and "2 kept" in on
    assert 'data-do="forget"' in on
    strange = cards.remember(True, Corrections(kept.file, own=False))
    assert str(kept.file) not in strange and "forget" not in strange
