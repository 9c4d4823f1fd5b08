"""What a step's slots point at."""

import pytest
from PIL import Image

from app.meant import picture_of, scale_of, seed_of
from app.turns import Step, Turn


@pytest.mark.parametrize(("slots", "scale"), [
    ({}, 2), ({"scale": 2}, 2), ({"scale": 1.5}, 2), ({"scale": 3}, 4), ({"scale": 4}, 4),
    ({"scale": 8}, 4), ({"width": 1024}, 4), ({"width": 500}, 2), ({"height": 400}, 4),
    ({"width": 300, "height": 300}, 4), ({"dpi": 300}, 2),
])
def test_the_smaller_scale_that_reaches_what_was_asked(slots, scale):
    assert scale_of(slots, (256, 128)) == scale


def test_a_seed_in_the_words():
    assert seed_of([Step("t2i"), Step("edit", "", {"seed": 0})]) == 0
    assert seed_of([Step("t2i")]) is None


@pytest.fixture
def talk(session):
    """1 drawn, 2 made from 1, 3 made from 2, 4 uploaded; 2 was current before 4."""
    image, turn = Image.new("RGB", (9, 9)), Turn("a cat")
    session.add(image, "one", turn)
    session.add(image, "two", turn, 1)
    session.add(image, "three", turn, 2)
    session.make_current(2)
    session.add(image, "four")
    return session


@pytest.mark.parametrize(("wanted", "number"), [
    (None, 4), ({"of": "previous"}, 2), ({"of": "any", "index": 1}, 1),
    ({"of": "any", "index": -1}, 4), ({"of": "any", "index": 9}, 4),
    ({"of": "upload", "index": 1}, 4), ({"of": "upload", "index": 2}, 4),
    ({"of": "original"}, 4), ({"of": "nonsense"}, 4), ("first", 4), ({"of": "any", "index": 0}, 4),
])
def test_which_picture(talk, wanted, number):
    assert picture_of({"picture": wanted}, talk, (), 4) == number


def test_the_original_is_where_the_edits_began(talk):
    assert picture_of({"picture": {"of": "original"}}, talk, (), 3) == 1


def test_what_came_with_the_message_is_counted_first(talk):
    assert picture_of({"picture": {"of": "any", "index": 1}}, talk, (3, 4), 4) == 3


def test_with_no_picture_there_is_none(session):
    assert picture_of({"picture": {"of": "previous"}}, session, (), None) is None
