"""A turn from message to picture, with the real router and a real, tiny engine."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tiny_app import kinds, ready, say

from app import provenance
from app.backend import Backend
from app.chat import Chat
from app.events import (
    Asked,
    Drawn,
    Failed,
    Progress,
    Queued,
    Received,
    Routed,
    Said,
)
from intents import Router


def test_drawing(chat, session):
    events = say(chat, session, "a cat and a balloon on the beach")
    assert kinds(events) == [Routed, Queued, Progress, Drawn]
    routed, drawn = events[0], events[-1]
    assert routed.turn.intent == "t2i" and routed.turn.confidence > 0.6
    assert set(routed.turn.scores) == {"t2i", "edit", "sr", "inpaint", "chat"}
    assert drawn.picture == session.current
    assert (drawn.picture.width, drawn.picture.height) == (32, 32)
    assert "cat and a balloon on the beach" in drawn.picture.alt
    progress = [event for event in events if isinstance(event, Progress)]
    assert [event.step for event in progress] == sorted(event.step for event in progress)
    assert progress[-1].of == 2 and progress[-1].preview.size == (32, 32)


def test_the_saved_picture_carries_its_turn(chat, session):
    say(chat, session, "a cat on the beach")
    turn = provenance.read_png(session.current.path)
    assert turn == session.turns[-1] == session.current.turn
    assert (turn.message, turn.seed, turn.images) == ("a cat on the beach", 1, (1,))
    assert turn.requests[0].task == "t2i" and turn.steps == (2,) and turn.timings[0] > 0
    assert turn.model == "tiny"


def test_a_conversation_means_the_current_picture(chat, session):
    say(chat, session, "a cat and a balloon on the beach")
    say(chat, session, "make it night")
    say(chat, session, "remove the balloon")
    say(chat, session, "upscale it")
    tasks = [picture.recipe.task for picture in session.pictures]
    assert tasks == ["t2i", "edit", "inpaint", "sr"]
    assert [picture.origin for picture in session.pictures] == [None, 1, 2, 3]
    assert (session.current.width, session.current.height) == (64, 64)
    assert session.current.alt.startswith("a cat and a balloon on the beach; make it night; ")
    assert session.current.alt.endswith("enlarged ×2")


def test_an_upload_becomes_current_and_the_answer_has_its_size(chat, session, photo):
    say(chat, session, "a cat on the beach")
    events = say(chat, session, "make it night", photo)
    assert kinds(events)[0] is Received
    assert session.pictures[1].turn is None and session.turns[-1].base == 2
    assert session.turns[-1].attachments == (2,)
    assert (session.current.width, session.current.height) == (40, 24)


def test_an_upload_alone_is_kept_and_nothing_is_drawn(chat, session, photo):
    events = say(chat, session, "", photo)
    assert kinds(events) == [Received, Said]
    assert session.current.number == 1 and session.turns == []


def test_text_decides_although_there_is_an_upload(chat, session, photo):
    say(chat, session, "a cat and a balloon on the beach", photo)
    assert session.turns[-1].intent == "t2i"
    assert session.current.origin is None
    assert (session.current.width, session.current.height) == (32, 32)


@pytest.mark.parametrize("text", ["make it night", "remove the balloon", "upscale it"])
def test_nothing_to_work_on_is_said_in_a_friendly_way(chat, session, text):
    events = say(chat, session, text)
    assert kinds(events) == [Said] and "no picture" in events[0].text
    assert session.pictures == () and session.turns == []


@pytest.mark.parametrize("text", ["hello", "thank you", "what can you do?"])
def test_small_talk_draws_nothing(chat, session, text):
    events = say(chat, session, text)
    assert kinds(events) == [Said] and "!" not in events[0].text
    assert session.pictures == ()


def test_several_steps_run_in_order(chat, session):
    events = say(chat, session, "draw a cat on the beach, then make it night and upscale it 2x")
    assert [e.index for e in events if isinstance(e, Routed)] == [0, 1, 2]
    assert [p.recipe.task for p in session.pictures] == ["t2i", "edit", "sr"]
    assert len(session.turns) == 1 and session.turns[0].images == (1, 2, 3)
    assert len({recipe.seed for recipe in session.turns[0].requests}) == 1


def test_words_say_scale_seed_and_picture(chat, session, photo):
    say(chat, session, "a cat on the beach, seed 77")
    assert session.turns[-1].seed == 77
    say(chat, session, "upscale it 4x")
    assert session.current.width == 128
    say(chat, session, "make the first picture night")
    assert session.turns[-1].base == 1 and session.current.width == 32


def test_an_answer_leaves_what_it_does_not_change(chat, session, photo):
    """The painted area changes, the rest is the source's own pixels."""
    mask = Image.new("L", (80, 48), 0)
    mask.paste(255, (0, 0, 20, 16))  # twice the photo's size: the corner of 10×8
    say(chat, session, "", photo)
    events = say(chat, session, "", mask=mask)
    assert isinstance(events[-1], Drawn) and session.turns[-1].masked
    assert session.current.recipe.task == "inpaint" and session.current.recipe.masked
    before, after = (np.asarray(session.image(n), int) for n in (1, 2))
    assert np.array_equal(before[12:], after[12:]) and np.array_equal(before[:, 16:], after[:, 16:])
    assert np.abs(before[:6, :8] - after[:6, :8]).max() > 8


def test_retry_is_the_same_wish_with_a_new_seed_from_the_same_picture(chat, session):
    say(chat, session, "a cat on the beach")
    say(chat, session, "make it night")
    list(chat.retry(session))
    first, second = session.turns[1:]
    assert (second.plan, second.base) == (first.plan, first.base) and second.seed != first.seed
    assert session.current.origin == 1
    assert session.undo().number == 2


def test_another_task_instead_has_the_same_seed_and_the_same_picture(chat, session):
    say(chat, session, "a cat on the beach")
    say(chat, session, "make it night")
    list(chat.take_as("t2i", session))
    turn = session.turns[-1]
    assert turn.seed == session.turns[1].seed and turn.chosen and turn.base == 1
    assert session.current.recipe.task == "t2i" and session.current.origin is None
    assert session.current.recipe.prompt == "a cat on the beach, night"
    list(chat.take_as("inpaint", session))
    assert session.current.recipe.task == "inpaint" and session.current.origin == 1


def test_the_same_seed_gives_the_same_picture(chat, session):
    say(chat, session, "a cat on the beach, seed 5")
    say(chat, session, "a cat on the beach, seed 5")
    assert session.image(1).tobytes() == session.image(2).tobytes()
    say(chat, session, "a cat on the beach, seed 6")
    assert session.image(1).tobytes() != session.image(3).tobytes()


def test_upscale_by_a_tap(chat, session):
    assert kinds(chat.upscale(session)) == [Said]
    say(chat, session, "a cat on the beach")
    list(chat.upscale(session))
    assert session.current.width == 64 and session.turns[-1].chosen


def test_retry_with_nothing_before(chat, session):
    assert kinds(chat.retry(session)) == [Failed]


@pytest.fixture
def doubtful(router, backend):
    """The same chat with the same router, told to ask unless it is quite certain."""
    strict = Router(router.model, router.processor, replace(router.config, threshold=1.0))
    return Chat(ready(Backend(strict, backend.engine, "tiny")), 1.0, lambda: 7)


def test_in_doubt_the_two_likeliest_readings_are_offered(doubtful, chat, session, router):
    say(chat, session, "a cat on the beach")
    events = say(doubtful, session, "a darker sky")
    scores = router.predict("a darker sky", images=0, mask=False, history=True).scores
    assert kinds(events) == [Asked]
    assert list(events[0].readings) == sorted(scores, key=scores.get, reverse=True)[:2]
    assert len(session.pictures) == 1


@pytest.mark.parametrize("task", ["t2i", "edit", "inpaint", "sr"])
def test_the_answer_to_the_question_is_what_runs(doubtful, chat, session, task):
    say(chat, session, "a cat on the beach")
    say(doubtful, session, "a darker sky")
    events = list(doubtful.choose(task, session))
    assert isinstance(events[-1], Drawn)
    assert session.turns[-1].chosen and session.current.recipe.task == task
    assert kinds(doubtful.choose(task, session)) == [Failed]  # it was answered


def test_the_question_can_be_answered_with_words_only(doubtful, chat, session):
    say(chat, session, "a cat on the beach")
    say(doubtful, session, "a darker sky")
    assert kinds(doubtful.choose("chat", session)) == [Said]


def test_a_new_message_drops_the_question(doubtful, chat, session):
    say(chat, session, "a cat on the beach")
    say(doubtful, session, "a darker sky")
    say(chat, session, "hello")
    assert kinds(doubtful.choose("edit", session)) == [Failed]


def test_with_no_picture_a_doubtful_message_is_not_asked_about(doubtful, session):
    assert Drawn in kinds(say(doubtful, session, "a darker sky with a cat on the beach"))


@pytest.mark.parametrize("text", [
    "what is the capital of France?", "asdf qwer zxcv", "I feel sad today", "?!?!", "1234",
    "tell me a joke", "how is the weather tomorrow?", "lorem ipsum dolor sit amet",
])
@pytest.mark.parametrize("standing", [False, True])
def test_nonsense_and_other_subjects_are_answered_in_words(chat, session, text, standing):
    if standing:
        say(chat, session, "a cat on the beach")
    assert kinds(say(chat, session, text)) == [Said]
    assert len(session.pictures) == standing
