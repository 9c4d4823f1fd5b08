"""What the model does not read is translated, asked about or named, and drawn from the rest."""

import pytest
from tiny_app import kinds, ready, say

from app.backend import Abilities, Backend
from app.chat import Chat
from app.events import Drawn, Noted, Said
from app.kin import _KIN, kin, unknown

KNOWN = "cat dog fox penguin sailboat whale ufo rose sunflower tree".split()


@pytest.fixture
def small(router, backend):
    """The chat of a model that knows the small world and nothing else."""
    able = Abilities(side=32, multiple=8, world=True)
    return Chat(ready(Backend(router, backend.engine, "playground", able)), 1.0, lambda: 7)


def noted(events) -> list[str]:
    return [event.text for event in events if isinstance(event, Noted)]


def test_the_small_model_is_given_english_and_says_how_it_read(small, session):
    events = say(small, session, "desenha um gato na praia")
    prompt = session.current.recipe.prompt
    assert noted(events) == [f"Read as: {prompt}"] and kinds(events)[0] is Noted
    assert prompt.removeprefix("a ") == "cat on the beach"
    assert session.turns[-1].message == "desenha um gato na praia"
    assert session.turns[-1].language == "pt"


def test_an_instruction_in_another_language(small, session):
    say(small, session, "a cat and a balloon on the beach")
    events = say(small, session, "rimuovi il palloncino")
    assert noted(events) == ["Read as: remove the balloon"]
    assert session.current.recipe.task == "inpaint"
    events = list(small.take_as("edit", session))
    assert noted(events) == ["Read as: remove the balloon"]
    assert session.current.recipe.task == "edit"
    assert session.current.recipe.prompt == "remove the balloon"


def test_another_model_gets_the_words_as_they_are(chat, session):
    events = say(chat, session, "desenha um gato na praia")
    assert noted(events) == ["This model reads English best."]
    assert "gato" in session.current.recipe.prompt


def test_a_season_is_said_as_the_small_model_knows_it(small, chat, session):
    events = say(small, session, "a cat in winter")
    prompt = session.current.recipe.prompt
    assert noted(events) == [f"Read as: {prompt}"] and prompt.endswith("cat in falling snow")
    events = say(small, session, "make it stormy")
    assert "Read as: make it rainy" in noted(events)
    assert noted(say(small, session, "make it rainy")) == []
    assert noted(say(chat, session, "a cat in winter")) == []  # another model knows it
    assert "winter" in session.current.recipe.prompt


@pytest.mark.parametrize("text", ["een rode kat op het strand", "猫を描いて", "kot na plaży"])
def test_a_language_that_nobody_reads_here_is_asked_about(small, chat, session, text):
    for each in (small, chat):
        (event,) = say(each, session, text)
        assert isinstance(event, Said) and event.text.endswith("?") and "Portuguese" in event.text
    assert session.pictures == ()


def test_unknown_words_are_named_and_the_rest_is_drawn(small, chat, session):
    events = say(small, session, "a zeppelin over the beach")
    (line,) = noted(events)
    assert line.startswith("I don't know 'zeppelin' yet; I know airplane, rocket")
    assert isinstance(events[-1], Drawn) and session.current.recipe.prompt == (
        "a zeppelin over the beach")
    assert noted(say(chat, session, "a zeppelin over the beach")) == []  # it may know it
    assert noted(say(small, session, "a cat on the beach at night")) == []


def test_free_wording_is_drawn_as_captions_have_it(small, chat, session):
    text = "draw my 2 dogs running on the beach"
    (line,) = noted(say(small, session, text))
    assert line == "Drawn as: two dogs on the beach."
    assert session.current.recipe.prompt == session.current.alt == "two dogs on the beach"
    assert session.current.turn.message == text
    assert noted(say(chat, session, text)) == []  # another model may read it as it is
    assert noted(say(small, session, "make it night")) == []
    (line,) = noted(say(small, session, "a zeppelin and my fox over the city"))
    assert "'zeppelin'" in line and line.endswith("Drawn as: a fox in the city.")


def test_lines_stand_together(small, session):
    (line,) = noted(say(small, session, "a zeppelin over the beach, 16:9"))
    assert "32 × 32 only" in line and "'zeppelin'" in line


@pytest.mark.parametrize(("word", "near"), [
    ("pengiun", ["penguin"]), ("submarine", ["sailboat", "whale", "ufo"]),
    ("wolves", []), ("wolf", ["cat", "dog", "fox"]), ("orchids", ["rose", "sunflower"]),
    ("democracy", []),
])
def test_what_is_nearest_in_kind(word, near):
    assert kin(word, KNOWN) == near


def test_what_the_world_does_not_know_leads_to_what_it_knows():
    from mtu.playground.dictionary import nameable, unknown_words

    for words, others in _KIN:
        assert set(words.split()) <= set(nameable()), words
        assert [word for word in others.split() if not unknown_words(word)] == []


def test_only_what_the_model_knows_is_offered():
    assert kin("wolf", {"fox"}) == ["fox"]


@pytest.mark.parametrize(("words", "sentence"), [
    ((), ""), (("democracy",), "I don't know 'democracy' yet."),
    (("wolf", "orchid"), "I don't know 'wolf' or 'orchid' yet; I know cat, dog, rose, sunflower."),
    (("a1", "b1", "c1", "d1"), "I don't know 'a1' or 'b1' or 'c1' and more yet."),
])
def test_the_sentence(words, sentence):
    assert unknown(words, {"cat", "dog", "rose", "sunflower"}) == sentence
