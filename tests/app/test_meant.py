"""What a step's slots point at."""

import pytest
from PIL import Image

from app.meant import NoSuchPicture, about_it, drawn_anew, picture_of
from app.turns import Recipe, Turn


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
    ({"of": "any", "index": -1}, 4), ({"of": "upload", "index": 1}, 4),
    ({"of": "original"}, 4), ({"of": "nonsense"}, 4), ("first", 4), ({"of": "any", "index": 0}, 4),
])
def test_which_picture(talk, wanted, number):
    assert picture_of({"picture": wanted}, talk, (), 4) == number


@pytest.mark.parametrize(("wanted", "text"), [
    ({"of": "any", "index": 7}, "There are four pictures so far; which one do you mean?"),
    ({"of": "any", "index": -5}, "There are four pictures so far; which one do you mean?"),
    ({"of": "upload", "index": 2}, "You sent one picture; which one do you mean?"),
])
def test_a_picture_that_there_is_not(talk, wanted, text):
    with pytest.raises(NoSuchPicture) as caught:
        picture_of({"picture": wanted}, talk, (), 4)
    assert str(caught.value) == text


def test_nothing_stands_before_the_first_picture(session):
    session.add(Image.new("RGB", (9, 9)), "one")
    with pytest.raises(NoSuchPicture, match="no version before"):
        picture_of({"picture": {"of": "previous"}}, session, (), 1)


def test_a_photo_may_be_a_drawn_one(session):
    session.add(Image.new("RGB", (9, 9)), "one", Turn("a cat"))
    assert picture_of({"picture": {"of": "upload", "index": 1}}, session, (), 1) == 1


def test_the_original_is_where_the_edits_began(talk):
    assert picture_of({"picture": {"of": "original"}}, talk, (), 3) == 1


def test_what_came_with_the_message_is_counted_first(talk):
    assert picture_of({"picture": {"of": "any", "index": 1}}, talk, (3, 4), 4) == 3


def test_with_no_picture_there_is_none(session):
    assert picture_of({"picture": {"of": "previous"}}, session, (), None) is None


@pytest.mark.parametrize(("text", "prompt"), [
    ("it night", "a cat on the beach, night"),
    ("turn it into winter", "a cat on the beach, winter"),
    ("the picture brighter", "a cat on the beach, brighter"),
    ("add a red ball", "a cat on the beach, a red ball"),
    ("a cat at night", "a cat at night"), ("items on a table", "items on a table"), ("it", "it"),
])
def test_an_instruction_taken_as_a_drawing(session, text, prompt):
    drawn = Turn("draw a cat", requests=(Recipe("t2i", "a cat on the beach", 1, 2, None, False),))
    edit = Turn("make it day", requests=(Recipe("edit", "make it day", 1, 2, 1, False),))
    session.add(Image.new("RGB", (9, 9)), "one", drawn)
    session.add(Image.new("RGB", (9, 9)), "two", edit, 1)
    assert drawn_anew(text, session, 2) == prompt


def test_an_instruction_with_nothing_drawn_before(session):
    assert drawn_anew("it night", session, None) == "night"
    session.add(Image.new("RGB", (9, 9)), "an upload")
    assert drawn_anew("it night", session, 1) == "night"


@pytest.mark.parametrize(("text", "told"), [
    ("make the seventh picture night", "make the picture night"),
    ("remove the balloon from the second one", "remove the balloon from the picture"),
    ("make picture 3 brighter", "make the picture brighter"),
    ("remove the first cat", "remove the first cat"),
])
def test_the_model_is_not_told_which_picture(text, told):
    assert about_it(text) == told
