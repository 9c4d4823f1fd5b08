"""Edits that cut a thing out, in the chat: which requests they make, and when they do not."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tiny_app import kinds, ready, say

from app.backend import Finished
from app.chat import Chat
from app.events import Drawn, Failed
from app.turns import Recipe


class Job(list):
    """Events that are there at once."""

    def cancel(self) -> None:
        """There is nothing to stop."""


class Heard(list):
    """What was asked for. grounds: of each request the picture to draw in front of, or False."""

    def __init__(self):
        super().__init__()
        self.grounds = []


@pytest.fixture
def asked(backend, monkeypatch):
    """The small model; a removal takes a red square away, whatever it is called."""
    heard = Heard()

    def submit(recipe, image, mask, steps=None, foreign=False, where="", in_front=False):
        heard.append((recipe.task, recipe.prompt, mask is not None))
        heard.grounds.append(in_front and np.asarray(image))
        if recipe.task == "t2i":
            made = np.full((32, 32, 3), 230, np.uint8)
            made[20:28, 20:28] = (220, 20, 20)
        else:
            made = np.asarray(image).copy()
            made[18:, 18:] = 230
        fails = recipe.prompt == "remove the rocket"
        return Job([Failed("No.") if fails else Finished(Image.fromarray(made), 1.0, 4)])

    monkeypatch.setattr(backend, "able", replace(backend.able, world=True))
    monkeypatch.setattr(backend, "submit", submit)
    return heard


@pytest.fixture
def small(backend, asked):
    return Chat(ready(backend), 1.0, lambda: 5)


def test_a_thing_is_moved_with_its_own_pixels(small, asked, session):
    say(small, session, "a red ball on the beach")
    events = say(small, session, "move the ball to the left")
    assert isinstance(events[-1], Drawn)
    assert asked[1:] == [("inpaint", "remove the ball", False)]
    pixels = np.asarray(session.image(2)).astype(int)
    red = (pixels[..., 0] - pixels[..., 1]) > 150
    assert 40 < red.sum() < 90 and not red[:, 18:].any() and (pixels[24, 24] == 230).all()
    recipe = session.current.recipe
    assert (recipe.task, recipe.prompt) == ("edit", "move the ball to the left")
    assert session.current.turn.steps == (4,)


def test_another_thing_is_drawn_where_the_first_one_stood(small, asked, session):
    say(small, session, "a red ball on the beach")
    say(small, session, "replace the ball with a cat")
    assert asked[1:] == [("inpaint", "remove the ball", False),
                         ("inpaint", "draw a cat here", True)]
    assert asked.grounds[1] is False
    assert (asked.grounds[2][18:, 18:] == 230).all()  # the ball is gone before the cat comes
    assert session.current.turn.steps == (8,)


def test_a_thing_is_added_in_front_of_the_picture(small, asked, session):
    say(small, session, "a red ball on the beach")
    say(small, session, "add a cat on the left")
    assert asked[1:] == [("inpaint", "draw a cat here", False)]
    assert np.array_equal(asked.grounds[1], np.asarray(session.image(1)))


def test_what_is_not_found_is_left_to_the_model(small, asked, session, backend, monkeypatch):
    say(small, session, "a red ball on the beach")
    monkeypatch.setattr("mtu.playground.cutting.SMALLEST", 0.4)
    say(small, session, "move the ball to the left")
    assert asked[-2] == ("inpaint", "remove the ball", False)
    assert asked[-1] == ("edit", "move the ball to the left", False)


def test_a_removal_that_fails_ends_the_step(small, asked, session):
    say(small, session, "a red ball on the beach")
    events = say(small, session, "move the rocket to the left")
    assert isinstance(events[-1], Failed) and len(session.pictures) == 1
    assert asked[-1] == ("inpaint", "remove the rocket", False)


def test_another_model_makes_its_edits_itself(chat, session):
    assert Drawn in kinds(say(chat, session, "a red ball on the beach"))
    assert Drawn in kinds(say(chat, session, "move the ball to the left"))


def test_what_is_painted_over_is_changed_by_the_model(backend, asked):
    image = Image.new("RGB", (32, 32))
    painted = Recipe("edit", "move the ball to the left", 1, 2, 1, True, None, False)
    assert backend.carry_out(painted, image) is None
    assert backend.carry_out(replace(painted, masked=False), image) is not None
