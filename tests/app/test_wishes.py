"""Slots are obeyed, and what cannot be is said in one short line."""

import numpy as np
import pytest
from PIL import Image
from tiny_app import say

from app.backend import Abilities
from app.events import Drawn, Failed, Noted, Progress, Routed
from app.turns import Message, Step
from app.wishes import count_of, leave_out, same_seed, seed_of, wish_of, without_seeds

SMALL_WORLD = Abilities(side=256, multiple=64, world=True)
ANY_SIZE = Abilities(side=512, multiple=64)


@pytest.mark.parametrize(("slots", "scale", "size"), [
    ({}, 2, None), ({"scale": 2}, 2, None), ({"scale": 4}, 4, None),
    ({"scale": 1.5}, 2, (384, 192)), ({"scale": 3}, 4, (768, 384)),
    ({"width": 500}, 2, (500, 250)), ({"width": 1024}, 4, None), ({"height": 400}, 4, (800, 400)),
    ({"width": 300, "height": 150}, 2, (300, 150)), ({"width": 128}, 0, (128, 64)),
    ({"width": 256}, 2, (256, 128)),
])
def test_the_exact_size_is_reached_from_the_next_larger_factor(slots, scale, size):
    wish = wish_of(Step("sr", "", slots), (256, 128), SMALL_WORLD)
    assert (wish.scale, wish.size, wish.lines) == (scale, size, ())


def test_more_than_the_model_can_enlarge_is_said():
    wish = wish_of(Step("sr", "", {"scale": 10}), (100, 50), SMALL_WORLD)
    assert (wish.scale, wish.size) == (4, None)
    assert wish.lines == ("4 times is the most at once: 400 × 200, not 1000 × 500. "
                          "Ask again to go on.",)


def test_a_picture_keeps_its_shape():
    wish = wish_of(Step("sr", "", {"width": 400, "height": 400}), (256, 128), SMALL_WORLD)
    assert (wish.scale, wish.size) == (2, (400, 200))
    assert wish.lines == ("It keeps its shape: 400 × 200, not 400 × 400.",)


def test_for_print_says_how_large_it_prints():
    wish = wish_of(Step("sr", "", {"dpi": 300}), (256, 256), SMALL_WORLD)
    assert wish.scale == 4 and wish.lines == ("At 300 dots per inch it prints 9 × 9 cm.",)
    assert wish_of(Step("sr", "", {"dpi": 300}), (2000, 100), SMALL_WORLD).scale == 2


@pytest.mark.parametrize("slots", [{"aspect": "16:9"}, {"width": 512, "height": 512}])
def test_the_small_model_draws_its_square_and_says_so(slots):
    wish = wish_of(Step("t2i", "a cat", slots), None, SMALL_WORLD)
    assert wish.size is None and len(wish.lines) == 1 and "256 × 256 only" in wish.lines[0]


@pytest.mark.parametrize("slots", [{}, {"aspect": "1:1"}, {"width": 256, "height": 256}])
def test_the_square_itself_is_no_news(slots):
    assert wish_of(Step("t2i", "a cat", slots), None, SMALL_WORLD).lines == ()


@pytest.mark.parametrize(("slots", "size", "room"), [
    ({"width": 640, "height": 400}, (640, 400), (640, 448)),
    ({"aspect": "4:1"}, (1024, 256), (1024, 256)), ({"width": 768}, (768, 512), (768, 512)),
    ({"width": 50, "height": 100}, (50, 100), (256, 512)),
    ({"width": 2048, "height": 1024}, (1024, 512), (1024, 512)),
])
def test_other_models_draw_the_size_that_was_asked_for(slots, size, room):
    wish = wish_of(Step("t2i", "a cat", slots), None, ANY_SIZE)
    assert wish.size == size and ANY_SIZE.room(size) == room
    assert bool(wish.lines) is (slots.get("width", 0) > 1024)


@pytest.mark.parametrize(("task", "slots", "count", "said"), [
    ("t2i", {}, 1, False), ("t2i", {"variations": 3}, 3, False),
    ("edit", {"variations": 9}, 4, True),
    ("sr", {"variations": 3}, 1, True),
])
def test_how_many(task, slots, count, said):
    step = Step(task, "a cat", slots)
    assert count_of(step) == count
    wish = wish_of(step, (9, 9) if task != "t2i" else None, SMALL_WORLD)
    assert wish.count == count and bool(wish.lines) is said


@pytest.mark.parametrize(("prompt", "things", "shorter"), [
    ("an empty beach, no people", ["people"], "an empty beach"),
    ("a beach without a boat and no people", ["boat", "people"], "a beach"),
    ("a cat without a hat on the beach", ["hat"], "a cat on the beach"),
    ("a city at night, no people, cars or text", ["people", "cars", "text"], "a city at night"),
    ("a cat", [], "a cat"),
])
def test_what_must_not_appear_is_not_named(prompt, things, shorter):
    assert leave_out(prompt, things) == (shorter, True)
    lines = wish_of(Step("t2i", prompt, {"without": things}), None, ANY_SIZE).lines
    assert bool(lines) is bool(things)


def test_what_cannot_be_left_out_is_said():
    wish = wish_of(Step("t2i", "no people", {"without": ["people"]}), None, ANY_SIZE)
    assert wish.prompt == "no people" and wish.lines == (
        "I cannot promise to leave out people.",)
    wish = wish_of(Step("edit", "make it winter, without people", {"without": ["people"]}), (9, 9),
                   ANY_SIZE)
    assert wish.prompt == "make it winter"
    assert wish.lines == ("To take out people, ask for that by itself.",)


def test_a_seed_in_the_words():
    plan = [Step("t2i", "", {"same_seed": True}),
            Step("edit", "", {"seed": 0, "thing": "cat"}, True)]
    assert same_seed(plan) and not same_seed(plan[1:])
    assert seed_of(plan) == 0 and seed_of(plan[:1]) is None
    assert without_seeds(plan) == (Step("t2i"), Step("edit", "", {"thing": "cat"}, True))


def test_variations_have_seeds_in_a_row_and_the_first_is_current(chat, session):
    say(chat, session, "a dog")
    events = say(chat, session, "draw 3 versions of a cat on the beach, seed 70")
    drawn = [event.picture for event in events if isinstance(event, Drawn)]
    assert [picture.recipe.seed for picture in drawn] == [70, 71, 72]
    assert session.current.number == 2 and session.turns[-1].images == (2, 3, 4)
    assert len({session.image(picture.number).tobytes() for picture in drawn}) == 3
    assert [event.count for event in events if isinstance(event, Routed)] == [3]
    assert session.undo().number == 1
    say(chat, session, "a cat on the beach, seed 71")
    assert session.image(5).tobytes() == session.image(3).tobytes()


def test_variations_of_what_stands_there(chat, session, photo):
    mask = Image.new("L", (40, 24), 0)
    mask.paste(255, (0, 0, 12, 12))
    say(chat, session, "", photo)
    say(chat, session, "remove the lamp", mask=mask)
    list(chat.variations(session))
    made = [picture.recipe for picture in session.pictures[2:]]
    assert [recipe.source for recipe in made] == [1] * 4 and all(recipe.masked for recipe in made)
    seeds = [recipe.seed for recipe in made]
    assert seeds == list(range(seeds[0], seeds[0] + 4))
    list(chat.retry(session))  # four others: the seeds go on behind the ones that were used
    assert {p.recipe.seed for p in session.pictures[6:]}.isdisjoint(seeds)


def test_nothing_to_vary(chat, session, photo):
    say(chat, session, "", photo)
    (event,) = chat.variations(session)
    assert isinstance(event, Failed) and "nothing to vary" in event.text


def test_stopped_variations_keep_what_was_made(chat, session):
    events = chat.turn(Message("four variations of a cat on the beach"), session)
    for event in events:
        if isinstance(event, Drawn):
            session.stop()
            break
    list(events)
    assert session.turns[-1].images == (1,) and len(session.pictures) == 1


def test_an_enlargement_comes_at_the_size_asked_for(chat, session, photo):
    say(chat, session, "", photo)
    say(chat, session, "upscale it to 100 px wide")
    assert (session.current.width, session.current.height) == (100, 60)
    assert session.current.recipe.scale == 4 and session.current.recipe.size == (100, 60)
    events = say(chat, session, "make it 10 times larger")
    assert (session.current.width, session.current.height) == (400, 240)
    (line,) = [event.text for event in events if isinstance(event, Noted)]
    assert "400 × 240, not 1000 × 600" in line


def test_a_smaller_size_needs_no_model(chat, session, tmp_path):
    Image.linear_gradient("L").save(tmp_path / "large.png")
    events = say(chat, session, "resize the picture to 128 px wide", tmp_path / "large.png")
    assert session.turns[-1].intent == "sr" and session.current.width == 128
    assert not any(isinstance(event, Progress) for event in events)


def test_a_size_for_a_drawing(chat, session):
    say(chat, session, "a cat on the beach, 40x28")
    assert (session.current.width, session.current.height) == (40, 28)


def test_retry_takes_another_seed_than_the_one_named(chat, session):
    say(chat, session, "a cat on the beach, seed 70")
    list(chat.retry(session))
    assert session.turns[-1].seed != 70
    assert not np.array_equal(session.image(1), session.image(2))


def test_the_same_seed_is_that_of_the_picture_before(chat, session, photo):
    events = say(chat, session, "a cat on the beach, same seed")
    assert "new one" in next(event.text for event in events if isinstance(event, Noted))
    say(chat, session, "a cat on the beach, seed 70")
    say(chat, session, "", photo)
    events = say(chat, session, "a cat on the beach, same seed")
    assert session.turns[-1].seed == 70
    assert session.image(4).tobytes() == session.image(2).tobytes()


def test_a_picture_that_there_is_not_is_asked_back(chat, session, photo):
    say(chat, session, "a cat on the beach")
    for text in ("remove the balloon from the third one", "make the seventh picture night"):
        (event,) = say(chat, session, text)
        assert isinstance(event, Failed) and event.keep
        assert event.text == "There is one picture so far; which one do you mean?"
    assert len(session.pictures) == len(session.turns) == 1


def test_a_painted_area_that_no_step_uses_is_mentioned(chat, session, photo):
    mask = Image.new("L", (40, 24), 255)
    say(chat, session, "", photo)
    events = say(chat, session, "upscale it 2x", mask=mask)
    assert [e.text for e in events if isinstance(e, Noted)] == ["The painted area was not used."]
