"""Requests in five languages in the world's own English, and what the world does not know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from said import SENTENCES

from mtu.playground.captions import caption
from mtu.playground.dictionary import LANGUAGES, closest, translate, unknown_words
from mtu.playground.edits import sample_edit, sample_removal
from mtu.playground.instructions import instruction
from mtu.playground.lexicon import FOLDER, lexicon
from mtu.playground.phrases import plural
from mtu.playground.scene import sample_scene
from mtu.playground.vocabulary import COLORS, PLACES, THINGS

CASES = [
    (language, *line.split(" = "))
    for language, lines in SENTENCES.items()
    for line in lines.strip().splitlines()
]


def test_there_are_enough_sentences_of_each():
    assert set(SENTENCES) == set(LANGUAGES)
    assert all(sum(case[0] == language for case in CASES) >= 25 for language in LANGUAGES)


@pytest.mark.parametrize(("language", "said", "english"), CASES)
def test_translations(language, said, english):
    assert translate(said, language).text == english
    assert translate(said.upper(), language).text == english
    assert not translate(said, language).unknown
    assert not unknown_words(english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_thing_place_and_colour_has_a_word(language):
    words = {word.english for senses in lexicon(language).exact.values() for word in senses}
    assert set(THINGS) <= words
    assert set(COLORS) <= words
    assert {name for name in PLACES if not name.startswith("plain")} <= words
    things = [word for senses in lexicon(language).exact.values() for word in senses
              if word.kind == "thing"]
    assert {word.english for word in things} == set(THINGS)
    assert {word.english for word in things if word.plural} >= set(THINGS) - {
        "cactus", "fish", "pineapple", "panda", "bus", "bear", "ufo", "airplane", "helicopter",
        "robot"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_every_thing_is_read_as_that_thing(language):
    words = lexicon(language)
    two = next(" ".join(form) for form, senses in words.exact.items() if senses[0].english == "two")
    counted = set()
    for form, senses in words.exact.items():
        meant = {sense.english for sense in senses if sense.kind == "thing"}
        assert len(meant) <= 1, form
        if meant:
            found, length = words.at(list(form), 0)
            assert length == len(form) and meant <= {sense.english for sense in found}
        if senses[0].kind == "thing" and senses[0].plural and not meant & counted:
            counted |= meant
            said = f"{two} {' '.join(form)}"
            assert translate(said, language).text == f"two {plural(senses[0].english)}"
    assert len(counted) > 80


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_a_place_stands_with_its_preposition(language):
    """"en la playa", "dans le désert": with the word for "in", places come out as in captions."""
    inside = {"es": "en", "fr": "dans", "de": "in", "it": "in", "pt": "em"}[language]
    for form, senses in lexicon(language).exact.items():
        if senses[0].kind == "place":
            text = translate(f"{inside} {' '.join(form)}", language).text
            assert not unknown_words(text) and text.split()[0] in (
                "in", "on", "at", "by", "among", "underwater"), (form, text)


def test_the_files_have_three_columns_each():
    for language in LANGUAGES:
        for line in (FOLDER / f"{language}.tsv").read_text(encoding="utf-8").splitlines():
            assert line.startswith("#") or len(line.split("\t")) == 3, line


@pytest.mark.parametrize(
    ("language", "said", "english", "unknown"),
    [
        ("es", "quita el Zepelín", "remove the zepelín", ("Zepelín",)),
        ("fr", "un zeppelin rouge", "a red zeppelin", ("zeppelin",)),
        ("de", "ein roter Zeppelin am Strand", "a red zeppelin on the beach", ("Zeppelin",)),
        ("it", "aggiungi uno zeppelin", "add a zeppelin", ("zeppelin",)),
        ("pt", "um zepelim no céu", "a zepelim in the sky", ("zepelim",)),
    ],
)
def test_what_has_no_entry_is_left_and_told(language, said, english, unknown):
    found = translate(said, language)
    assert (found.text, found.unknown) == (english, unknown)


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="no dictionary of 'nl'"):
        translate("een kat", "nl")


@given(st.text(max_size=60), st.sampled_from(sorted(LANGUAGES)))
def test_any_text_is_translated_to_some_text(text, language):
    found = translate(text, language)
    assert isinstance(found.text, str)
    assert all(isinstance(word, str) and word for word in found.unknown)
    assert all(word in text for word in unknown_words(text))


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("draw a zeppelin over the wolf's castle, please", ("zeppelin", "wolf")),
        ("Could you please make the cats bigger?", ()),
        ("a Zeppelin and another zeppelin", ("Zeppelin",)),
        ("three puppies in a snow-covered forest", ("snow-covered",)),
        ("remove the red balloon on the left", ()),
        ("4 variations, seed 12", ("seed",)),
        ("a fire engine, a fire; a jack-o'-lantern, a lantern", ("fire", "lantern")),
        ("Two Ferris Wheels on the moon, one wheel in an ice cream", ("wheel",)),
        ("", ()),
    ],
)
def test_unknown_words(text, unknown):
    assert unknown_words(text) == unknown


def test_captions_and_instructions_of_the_world_are_known_whole():
    rng = np.random.default_rng(0)
    for _ in range(300):
        scene = sample_scene(rng)
        assert unknown_words(caption(scene, rng)) == ()
        for edit in (sample_edit(rng, scene), sample_removal(rng, scene)):
            if edit is not None:
                assert unknown_words(instruction(scene, edit, rng)) == ()


@pytest.mark.parametrize(("word", "near"), [("catt", "cat"), ("puppys", "dog"), ("hose", "house"),
                                            ("ballon", "balloon"), ("Giraff", "giraffe")])
def test_closest_words_begin_with_the_likeliest(word, near):
    found = closest(word)
    assert found[0] == near
    assert len(found) == len(set(found)) == 4
