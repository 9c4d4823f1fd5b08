"""Where a text names its things."""

import numpy as np
import pytest

from mtu.playground.captions import caption
from mtu.playground.nouns import nouns_in
from mtu.playground.scene import sample_scene
from mtu.playground.vocabulary import THINGS

NUMBER = {name: k for k, name in enumerate(THINGS)}


def found(text: str, *things: str) -> list[str]:
    return [text[start:end] for _, start, end in nouns_in(text, [NUMBER[t] for t in things])]


@pytest.mark.parametrize(("text", "things", "named"), [
    ("a cat left of a dog", ("cat", "dog"), ["cat", "dog"]),
    ("Three Balloons", ("balloon",), ["Balloons"]),
    ("a teddy bear in the snow", ("teddy bear", "bear"), ["teddy bear", "bear"]),
    ("a catalogue of dogs", ("cat", "dog"), ["dogs"]),
    ("a cat and a cat", ("cat",), []),
    ("nothing at all", ("cat",), []),
])
def test_a_name_is_found_where_it_stands_once(text, things, named):
    assert found(text, *things) == named


def test_captions_name_what_is_in_their_scenes():
    rng = np.random.default_rng(2)
    for _ in range(40):
        scene = sample_scene(rng)
        text, numbers = caption(scene, rng), {NUMBER[item.thing] for item in scene.items}
        assert {number for number, *_ in nouns_in(text, numbers)} == numbers, text
