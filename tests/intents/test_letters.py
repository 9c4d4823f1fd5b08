"""The linear part hears words, pairs and runs of letters, and learns from few examples."""

import math

import pytest
import torch

from intents import Context
from intents.letters import LettersClassifier, fit_letters, grams
from intents.text import context_features


def test_features_have_length_one_and_lie_in_the_table():
    places, weights = grams("Remove the  LAMP!", 1000)
    assert all(0 <= place < 1000 for place in places)
    # Words and letters each have length 1, so together the square root of 2.
    assert math.sqrt(sum(w * w for w in weights)) == pytest.approx(math.sqrt(2))
    assert grams("remove the lamp!", 1000) == (places, weights)
    assert grams("", 1000) == ([], [])


def test_words_are_tied_to_what_stands_beside_them():
    alone, beside, painted = (
        set(grams("night", 1 << 20, c)[0]) for c in (Context(), Context(1), Context(1, mask=True))
    )
    plain = set(grams("night", 1 << 20)[0])
    assert plain < alone and plain < beside and plain < painted
    assert len(alone - plain) == 1 and not (alone - plain) & (beside - plain)
    assert set(grams("night", 1 << 20, Context(history=True))[0]) == beside != painted


def test_a_slip_keeps_most_of_the_letters():
    right, wrong = (set(grams(text, 1 << 20)[0]) for text in ("remove it", "remvoe it"))
    assert len(right & wrong) >= 8


def test_a_batch_says_what_each_row_says():
    torch.manual_seed(0)
    model = LettersClassifier(500)
    torch.nn.init.normal_(model.table.weight)
    rows = [grams(text, 500) for text in ("draw a cat", "", "upscale it now")]
    context = torch.tensor([context_features(c) for c in (Context(), Context(1), Context(2))])
    together = model(rows, context)
    for i, row in enumerate(rows):
        torch.testing.assert_close(model([row], context[i : i + 1])[0], together[i])


def test_it_learns_and_learns_the_same_twice():
    texts = [("draw a cat", 0), ("make it red", 1), ("sharpen it", 2), ("remove it", 3), ("hi", 4)]
    rows = [(grams(t, 4096), context_features(Context()), y) for t, y in texts] * 20
    model, again = (fit_letters(rows, 4096, 8, seed=1) for _ in range(2))
    context = torch.tensor([context_features(Context())] * 5)
    said = model(
        [grams(t, 4096) for t in ("draw dog", "make red", "sharpen", "remove", "hi!")], context
    )
    assert said.argmax(1).tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(model.table.weight, again.table.weight)
