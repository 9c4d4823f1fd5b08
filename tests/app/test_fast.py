"""The fast way: a switch on the page, a flag, a parameter; only where the model has one."""

from concurrent.futures import Future

import pytest
from tiny_app import pipeline, ready, say

from app import panel
from app.api import make_generate
from app.backend import Abilities, Backend, load
from app.chat import Chat
from app.provenance import read_png
from app.session import Session
from app.settings import ROUTER
from app.windows import Windows
from mtu import Engine

FAST = {"t2i": {"steps": 1}, "edit": {"steps": 1}}


@pytest.fixture(scope="module")
def quick(router) -> Backend:
    """Two steps a picture, and one in its fast way."""
    able = Abilities(side=32, multiple=8, fast=frozenset(FAST))
    backend = Backend(router, Engine(pipeline(2, fast=FAST)), "quick", able)
    yield backend
    backend.close()


def steps(session: Session) -> list[int]:
    return [turn.steps[-1] for turn in session.turns]


def test_a_conversation_goes_fast_from_where_it_is_switched(quick, session):
    chat = Chat(ready(quick), 1.0, lambda: 7)
    say(chat, session, "draw a cat")
    session.fast = True
    say(chat, session, "draw a cat")
    list(chat.upscale(session))  # this model has one way only for that
    assert steps(session) == [2, 1, 2 * 9]  # of nine tiles
    recipes = [picture.recipe for picture in session.pictures]
    assert [recipe.fast for recipe in recipes] == [False, True, False]
    assert read_png(session.pictures[1].path).requests[0].fast
    assert "1, fast" in panel.details(session.pictures[1])
    assert "fast" not in panel.details(session.pictures[2])


def test_a_model_without_a_fast_way_never_takes_it(backend, session):
    session.fast = True
    say(Chat(ready(backend), 1.0, lambda: 7), session, "draw a cat")
    assert steps(session) == [2] and not session.current.recipe.fast


def test_the_switch_stands_beside_the_seed_where_there_is_a_fast_way(quick, session):
    say(Chat(ready(quick), 1.0, lambda: 7), session, "draw a cat")
    picture = session.current
    assert 'data-do="fast"' not in panel.facts(picture)
    for on in (False, True):
        assert f'data-do="fast" aria-checked="{str(on).lower()}"' in panel.facts(picture, on)


def test_windows_begin_as_the_flag_says(tmp_path):
    assert Windows(tmp_path, fast=True).get("a").session.fast
    assert not Windows(tmp_path).get("a").session.fast


def test_programs_ask_for_it_or_have_it_by_the_flag(quick):
    generate = make_generate(ready(quick), 1.0)
    assert generate("t2i", "a cat")["steps"] == 2
    assert generate("t2i", "a cat", fast=True)["steps"] == 1
    assert generate("t2i", "a cat", fast=True, steps=3)["steps"] == 3
    assert make_generate(ready(quick), 1.0, fast=True)("t2i", "a cat")["steps"] == 1


def test_programs_are_told_where_there_is_none(future: Future):
    with pytest.raises(ValueError, match="no fast setting"):
        make_generate(future, 1.0)("t2i", "a cat", fast=True)


def test_the_flag_needs_a_model_that_has_it(tmp_path):
    pipeline(1).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="without --fast"):
        load(str(tmp_path), "tiny", "cpu", ROUTER, fast=True)
