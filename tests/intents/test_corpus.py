"""The training set and the held-out file stay apart, and the corpus is what it says."""

from collections import Counter

import pytest

from intents.articles import article
from intents.corpus import (
    DEV_FILES,
    DEV_MORE,
    DEV_PLAIN,
    HELDOUT,
    HELDOUT_LANGUAGES,
    HELDOUT_STRANGERS,
    HELDOUT_STYLES,
    NearDuplicates,
    build,
    edit_distance,
    heldout_files,
    mistype,
    undress,
)
from intents.grammar import Grammar, parse, plural, read_templates
from intents.labels import INTENTS, TASKS, Context, read_examples


@pytest.fixture(scope="module")
def heldout():
    return read_examples(HELDOUT)


def test_heldout_is_large_and_has_every_intent_and_context(heldout):
    assert len(heldout) >= 600
    assert min(Counter(e.intent for e in heldout).values()) >= 80
    assert {e.context for e in heldout} >= {
        Context(),
        Context(1),
        Context(2),
        Context(history=True),
        Context(1, True),
        Context(0, True, True),
    }
    assert len({(e.text, e.context) for e in heldout}) == len(heldout)


def test_no_template_yields_a_heldout_utterance(heldout):
    grammar = Grammar()
    examples = heldout + read_examples(HELDOUT_STYLES) + read_examples(HELDOUT_STRANGERS)
    said = {e.text: grammar.yields(*undress(e.text)) for e in examples}
    assert {text: template.line for text, template in said.items() if template} == {}


@pytest.mark.parametrize("code", sorted(set(HELDOUT_LANGUAGES) - {"other"}))
def test_each_language_is_held_out_too(code):
    grammar, examples = Grammar(code=code), read_examples(HELDOUT_LANGUAGES[code])
    assert len(examples) >= 60 and {e.intent for e in examples} == set(INTENTS)
    assert len({(e.text, e.context) for e in examples}) == len(examples)
    said = {e.text: grammar.yields(*undress(e.text, grammar)) for e in examples}
    assert {text: template.line for text, template in said.items() if template} == {}


def test_articles_agree():
    told = {
        ("es", "un", "f", "casa"): "una ",
        ("fr", "el", "m", "arbre"): "l'",
        ("de", "acc_un", "m", "Hund"): "einen ",
        ("de", "dat_el", "f", "Katze"): "der ",
        ("it", "el", "m", "specchio"): "lo ",
        ("it", "un", "f", "isola"): "un'",
        ("it", "un", "m", "sole"): "un ",
        ("pt", "el", "f", "casa"): "a ",
    }
    assert {key: article(*key) for key in told} == told


def test_a_template_of_another_language_is_found():
    grammar = Grammar(code="es")
    assert grammar.yields("sustituye el gato por una casa").line.startswith("[sustituye|")
    assert grammar.yields("me duele la cabeza") is None


def test_a_line_with_much_to_say_is_drawn_more_often():
    fixed, rich = read_templates(["hello there", "[a|b|c|d] {noun} {noun}"])
    assert fixed.weight < rich.weight <= 8 * fixed.weight


def test_a_template_that_yields_a_text_is_found():
    grammar = Grammar()
    assert grammar.yields("Replace the dog, with a cat!").line.startswith("!replace the {noun}")
    assert grammar.yields("please paint the roof of my aunt's bakery in stripes") is None


def test_no_training_text_is_near_a_heldout_one():
    known = NearDuplicates([e.text for f in heldout_files() for e in read_examples(f)])
    # Slips of the hand come after the check, so the corpus is compared before them.
    close = []
    for example in build(4000, seed=5):
        found = known.find(example.text)
        if found and edit_distance(found, example.text.lower(), 1) == 0:
            close.append((example.text, found))
    assert close == []
    assert known.find("What is 17 times 23") == "what is 17 times 23"
    assert known.find("what is 17 time 23") == "what is 17 times 23"
    assert known.find("draw 17 owls") is None


def test_dev_and_heldout_share_nothing(heldout):
    texts = {e.text.lower() for e in heldout + read_examples(HELDOUT_STYLES)
             + read_examples(HELDOUT_STRANGERS)}
    for file in DEV_FILES:
        assert not texts & {e.text.lower() for e in read_examples(file)}


@pytest.mark.parametrize("file", [DEV_PLAIN, DEV_MORE], ids=lambda file: file.stem)
def test_a_plain_development_file_is_large_and_all_plain(file):
    examples = read_examples(file)
    assert len(examples) >= 300 and all(e.plain for e in examples)
    assert min(Counter(e.intent for e in examples).values()) >= 40
    assert len({(e.text, e.context) for e in examples}) == len(examples)


def test_corpus_is_seeded_and_balanced():
    first, again, other = build(500, 3), build(500, 3), build(500, 4)
    assert first == again != other
    counts = Counter(e.intent for e in first)
    assert set(counts) == set(INTENTS)
    assert all(90 <= counts[name] <= 110 for name in TASKS)


def test_edit_distance_counts_and_stops():
    assert edit_distance("kitten", "sitting", 9) == 3
    assert edit_distance("kitten", "sitting", 1) == 2
    assert edit_distance("", "abc", 5) == 3


def test_grammar_refuses_an_unbalanced_line():
    for line in ("make [it|that blue", "make it] blue"):
        with pytest.raises(ValueError, match="unbalanced"):
            parse(line)


def test_plural():
    words = {
        "cat": "cats",
        "old man": "old men",
        "fox": "foxes",
        "cherry": "cherries",
        "key": "keys",
    }
    assert {w: plural(w) for w in words} == words


def test_mistype_changes_little():
    import random

    rng = random.Random(0)
    for _ in range(50):
        slip = mistype("remove the lamp", rng)
        assert edit_distance(slip, "remove the lamp", 9) <= 6
