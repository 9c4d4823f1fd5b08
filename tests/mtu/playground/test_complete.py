"""What a prompt leaves open is said in words, and nothing else is."""

import pytest

from mtu.playground.complete import complete, mentions


@pytest.mark.parametrize(("prompt", "expected"), [
    ("a cat and a balloon on the beach",
     "a cat on the left and a balloon on the right on the beach"),
    ("an owl, a dog and an apple at night",
     "an owl on the left, a dog in the middle and an apple on the right at night"),
    ("Draw a small red balloon and an oak",
     "Draw a small red balloon on the left and an oak on the right"),
])
def test_things_get_a_place_each_in_the_order_they_are_named(prompt, expected):
    assert complete(prompt, 0) == expected


def test_a_thing_alone_gets_a_size_and_one_of_three_places():
    found = {complete("an orange car in the city", seed) for seed in range(20)}
    assert found == {f"a large orange car {where} in the city"
                     for where in ("on the left", "in the middle", "on the right")}


def test_a_size_that_is_said_stays():
    assert "large" not in complete("a tiny cat in the snow", 0)


@pytest.mark.parametrize("prompt", [
    "", "an empty beach", "a cat on the left", "a dog next to a tree", "three balloons in the sky",
    "a fox above a house", "a cat, a dog, a fox and an owl", "two cats and a dog", "hello",
])
def test_what_is_placed_already_or_not_understood_stays_as_it_is(prompt):
    assert complete(prompt, 3) == prompt


def test_the_same_seed_completes_alike():
    prompt = "a whale in the ocean"
    assert complete(prompt, 7) == complete(prompt, 7)
    assert len({complete(prompt, seed) for seed in range(9)}) > 1


def test_longer_names_win():
    (palm,) = mentions("a palm tree by the lake")
    assert (palm.begin, palm.name, palm.end) == (0, 2, 11)
