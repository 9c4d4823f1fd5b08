"""Plans of several steps: in order, each its own picture, each undone by itself."""

import numpy as np
import pytest
from PIL import Image
from tiny_app import kinds, say

from app.events import Drawn, Failed, Routed, Stopped
from app.turns import Message

THREE = "draw a cat on the beach, then make it night and upscale it 2x"


def test_undo_goes_back_one_step_at_a_time(chat, session):
    say(chat, session, "a dog")
    say(chat, session, THREE)
    assert [picture.recipe.task for picture in session.pictures] == ["t2i", "t2i", "edit", "sr"]
    assert [picture.origin for picture in session.pictures] == [None, None, 2, 3]
    assert [session.undo().number for _ in range(3)] == [3, 2, 1]
    assert session.undo() is None


def test_every_step_knows_the_plan_and_its_own_words(chat, session):
    events = say(chat, session, THREE)
    routed = [event for event in events if isinstance(event, Routed)]
    assert [event.index for event in routed] == [0, 1, 2]
    assert [step.text for step in routed[0].turn.plan] == ["a cat on the beach", "make it night",
                                                           ""]
    assert [recipe.prompt for recipe in session.turns[0].requests] == [
        "a cat on the beach", "make it night", ""]


def test_stop_after_the_first_step_keeps_it_and_leaves_the_rest(chat, session):
    say(chat, session, "a cat on the beach")
    events = chat.turn(Message("make it night, then make it winter"), session)
    for event in events:
        if isinstance(event, Drawn):
            session.stop()
            break
    assert kinds(events) == [Routed, Stopped]
    assert [picture.number for picture in session.pictures] == [1, 2]
    assert session.turns[-1].images == (2,) and session.undo().number == 1


def test_a_step_that_fails_says_which_and_keeps_what_was_made(chat, session, tmp_path):
    Image.new("RGB", (1500, 12)).save(tmp_path / "wide.png")
    events = say(chat, session, "make it night, then upscale it 4x", tmp_path / "wide.png")
    failed = events[-1]
    assert isinstance(failed, Failed) and not failed.keep
    assert failed.text.startswith("Step 2, Enlarge: ") and "4096" in failed.text
    assert kinds(events).count(Drawn) == 1 and session.current.recipe.task == "edit"
    assert session.turns[-1].images == (2,)


@pytest.mark.parametrize(("text", "masked"), [
    ("remove the lamp, then make it winter", [True, False]),
    ("upscale it 2x, then remove the lamp", [False, True]),
])
def test_a_painted_area_is_for_the_step_that_means_it(chat, session, photo, text, masked):
    mask = Image.new("L", (40, 24), 0)
    mask.paste(255, (0, 0, 12, 12))
    say(chat, session, "", photo)
    say(chat, session, text, mask=mask)
    assert [recipe.masked for recipe in session.turns[-1].requests] == masked
    removal = next(p for p in session.pictures if p.recipe and p.recipe.task == "inpaint")
    before, after = session.image(removal.origin), session.image(removal.number)
    rest = before.height // 2
    assert np.array_equal(np.asarray(before)[rest:], np.asarray(after)[rest:])
