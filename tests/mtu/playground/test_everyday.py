"""Everyday words for light and weather, as the world says them."""

import pytest

from mtu.playground.everyday import everyday
from mtu.playground.known import unknown_words


@pytest.mark.parametrize(("said", "read"), [
    ("make it winter", "make it snow"),
    ("a winter landscape with a fox", "a snowy landscape with a fox"),
    ("a fox in the winter", "a fox in falling snow"),
    ("a cat during a thunderstorm", "a cat in the rain"),
    ("let there be a storm", "let there be rain"),
    ("a stormy beach", "a rainy beach"),
    ("make it noon", "make it daytime"),
    ("a beach in the morning", "a beach in daylight"),
    ("a starry night", "a night"),
    ("a starry sky", "a night sky"),
    ("make it sunny", "make it clear"),
    ("A Blizzard", "snow"),
])
def test_everyday_words_become_words_that_the_world_knows(said, read):
    assert everyday(said) == read
    assert unknown_words(read) == ()
    assert everyday(read) == read


@pytest.mark.parametrize("text", [
    "a red balloon on the beach at night", "remove the snowman", "make it snow", "the winterberry",
    "add a brainstorming robot", ""])
def test_all_else_stays_as_it_is(text):
    assert everyday(text) == text
