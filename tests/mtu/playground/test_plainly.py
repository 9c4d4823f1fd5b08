"""Prompts in people's own words, as captions say them; and what is left alone."""

import itertools

import numpy as np
import pytest

from mtu.playground.captions import caption
from mtu.playground.known import unknown_words
from mtu.playground.phrases import plural, with_article
from mtu.playground.plainly import plainly
from mtu.playground.scene import sample_scene
from mtu.playground.vocabulary import PLACES, THINGS, TIMES, WEATHERS


@pytest.mark.parametrize(("said", "read"), [
    ("two penguins waddling through the snow", "two penguins in the snow"),
    ("my two dogs asleep in the living room", "two dogs in a room"),
    ("I'd love to see a grumpy owl in the woods at night", "an owl in the forest at night"),
    ("a pair of horses on a farm, dusk", "two horses on a farm at sunset"),
    ("3 apples, blue background", "three apples on a plain blue background"),
    ("Couple of tigers, jungle, raining", "two tigers in the forest in the rain"),
    ("there's a big red balloon and a tiny fish at sea",
     "a big red balloon and a tiny fish in the ocean"),
    ("koalas hanging out in the forest", "two koalas in the forest"),
    ("cats", "two cats"),
    ("three sleepy cats on a farm", "three cats on a farm"),
    ("a dog and three very lazy big cats by the lake", "a dog and three big cats by the lake"),
    ("two friends, a fox and a rabbit, in the snow", "a fox and a rabbit in the snow"),
    ("a bike leaning against an oak in the mountains, snow coming down",
     "a bicycle and a tree in the mountains while it snows"),
    ("a lone cactus in the desert as the sun goes down", "a cactus in the desert at sunset"),
    ("a kite tied to a chair in a room", "a kite and a chair in a room"),
    ("a fox, a hungry fox, on the prowl at night", "a fox at night"),
    ("three red balloons, lonely balloons, over a farm", "three red balloons on a farm"),
    ("just a crab on the beach, nothing else", "a crab on the beach"),
    ("a shark prowling under the sea", "a shark underwater"),
    ("a zeppelin and a fox over the city", "a fox in the city"),
    ("a boat at sea during a storm", "a boat at sea in the rain"),  # everyday words
])
def test_what_is_said_freely_is_read_as_a_caption(said, read):
    assert plainly(said) == read
    assert plainly(read) == read and unknown_words(read) == ()


@pytest.mark.parametrize("text", [
    "a cat dozing on the left of a dog", "a lonely house without a tree",
    "a pencil sketch of a sleepy lion", "a cat curled up on a chair in a room",
    "a duck swimming near a frog", "a pig snoring in front of a house",
    "a zeppelin drifting over the city", "someone on the beach", "a shiny ball that is red",
    "a bear strolling from the beach to the city", "a dog barking by day and by night",
    "three sad and lonely dogs on a farm", "three red sleepy birds on a farm",
    "a fox, an owl, a cat and a dog partying in the forest", "wow", ""])
def test_what_says_more_or_nothing_known_stays_as_it_is(text):
    assert plainly(text) == text


def test_captions_stay_as_they_are():
    rng = np.random.default_rng(3)
    for _ in range(400):
        text = caption(sample_scene(rng), rng)
        assert plainly(text) == text


def test_every_thing_and_place_is_read_by_every_name():
    for thing, place in zip(THINGS.values(), itertools.cycle(PLACES.values())):  # noqa: B905
        for name in thing.names:
            read = plainly(f"some silly {name} {place.phrases[0]}")
            assert read == f"{with_article(thing.name)} {place.phrases[0]}"
        if plural(thing.name) != thing.name:
            assert plainly(f"2 silly {plural(thing.name)}") == f"two {plural(thing.name)}"
    for place in PLACES.values():
        for phrase in place.phrases:
            assert plainly(f"a silly robot {phrase}") == f"a robot {place.phrases[0]}"


def test_every_time_and_weather_is_read():
    for phrases in (*TIMES.values(), *WEATHERS.values()):
        for phrase in phrases:
            assert plainly(f"a silly robot {phrase}") == f"a robot {phrases[0]}"
