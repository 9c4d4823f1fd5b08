"""Whatever is typed: no crash, five scores that sum to one, the same answer twice."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intents import INTENTS, LANGUAGES, Router
from intents.corpus import mistype

REQUESTS = st.sampled_from(
    [
        "draw a cat in the snow",
        "make the sky pink",
        "remove the lamp on the left",
        "upscale this to 4k",
        "what can you do?",
        "dibuja un gato",
        "entferne die Lampe",
    ]
)
ODD = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\u200b\u200d\u202e\ufe0f\u00ad\ufeff😀🐱❄️猫قطةкот\t\n\r\x00"),
    ),
    max_size=80,
)


@pytest.fixture(scope="module")
def router():
    torch.set_num_threads(1)
    return Router.load()


def sane(router, text, images=0, mask=False, history=False):
    first = router.predict(text, images, mask, history)
    assert tuple(first.scores) == INTENTS
    assert sum(first.scores.values()) == pytest.approx(1, abs=1e-5)
    assert all(0 <= score <= 1 for score in first.scores.values())
    assert first.language in (*LANGUAGES, "other")
    assert router.predict(text, images, mask, history) == first
    return first


@settings(max_examples=40, deadline=None)
@given(words=REQUESTS, seed=st.integers(0, 2**32), images=st.integers(0, 2))
def test_slips_of_the_hand(router, words, seed, images):
    import random

    sane(router, mistype(words, random.Random(seed)), images)


@settings(max_examples=40, deadline=None)
@given(before=ODD, words=REQUESTS, after=ODD, mask=st.booleans(), history=st.booleans())
def test_odd_characters_around_a_request(router, before, words, after, mask, history):
    sane(router, before + words + after, 1, mask, history)


@settings(max_examples=8, deadline=None)
@given(words=REQUESTS, filler=st.text(min_size=1, max_size=5))
def test_ten_thousand_characters(router, words, filler):
    sane(router, words + " " + (filler * 10_000)[:10_000])
    sane(router, (filler * 10_000)[:10_000] + " " + words)


@settings(max_examples=30, deadline=None)
@given(words=REQUESTS, gaps=st.lists(st.integers(0, 25), max_size=6))
def test_zero_width_characters_and_case_change_nothing(router, words, gaps):
    broken = list(words)
    for gap in gaps:
        broken.insert(min(gap, len(broken)), "\u200b")
    assert router.predict("".join(broken).upper(), 1).scores == router.predict(words, 1).scores
