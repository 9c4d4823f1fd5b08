"""Slots: what is read out of one step's words, and that any words are survived."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.slots import read_slots, without_settings

SECOND = {"picture": {"of": "any", "index": 2}}
LAST = {"picture": {"of": "any", "index": -1}}
ORIGINAL = {"picture": {"of": "original"}}
PREVIOUS = {"picture": {"of": "previous"}}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("upscale 4x", {"scale": 4}),
        ("x2 please", {"scale": 2}),
        ("enlarge it by 3", {"scale": 3}),
        ("scale to 150%", {"scale": 1.5}),
        ("1,5x", {"scale": 1.5}),
        ("make it twice as big", {"scale": 2}),
        ("four times larger", {"scale": 4}),
        ("by a factor of three", {"scale": 3}),
        ("enlarge it 900x", {}),
        ("rotate by 90 degrees", {}),
        ("just sharpen it", {}),
        ("2048 px wide", {"width": 2048}),
        ("make it 1200 pixels tall", {"height": 1200}),
        ("1200 px wide and 800 px tall", {"width": 1200, "height": 800}),
        ("resize to 4096x2048", {"width": 4096, "height": 2048}),
        ("2048 by 1536", {"width": 2048, "height": 1536}),
        ("99999x99999", {}),
        ("in 4k", {"width": 3840}),
        ("full hd please", {"width": 1920}),
        ("for print", {"dpi": 300}),
        ("as a poster", {"dpi": 300}),
        ("at 150 dpi", {"dpi": 150}),
        ("A4 at 300 dpi", {"width": 2480, "height": 3508}),
        ("A4", {"width": 2480, "height": 3508}),
        ("print it on A3 landscape at 150 dpi", {"width": 2480, "height": 1754}),
        ("10x15 cm", {"width": 1181, "height": 1772}),
        ("8 x 10 inches at 200 dpi", {"width": 1600, "height": 2000}),
        ("auméntalo cuatro veces", {"scale": 4}),
        ("el doble de grande", {"scale": 2}),
        ("2048 px de ancho", {"width": 2048}),
        ("para imprimir", {"dpi": 300}),
        ("agrandis-le deux fois", {"scale": 2}),
        ("3000 px de large", {"width": 3000}),
        ("pour l'impression", {"dpi": 300}),
        ("doppelt so groß", {"scale": 2}),
        ("vergrößere es vierfach", {"scale": 4}),
        ("3000 Pixel breit", {"width": 3000}),
        ("für den Druck", {"dpi": 300}),
        ("raddoppia la dimensione", {"scale": 2}),
        ("quattro volte", {"scale": 4}),
        ("per la stampa", {"dpi": 300}),
        ("o dobro do tamanho", {"scale": 2}),
        ("três vezes maior", {"scale": 3}),
        ("800 px de altura", {"height": 800}),
    ],
)
def test_how_large(text, slots):
    assert read_slots("sr", text) == slots


@pytest.mark.parametrize(
    ("text", "slots", "rest"),
    [
        ("three versions of a dragon, seed 7", {"variations": 3, "seed": 7}, "a dragon"),
        ("a few variations of a lake", {"variations": 3}, "a lake"),
        ("a couple of versions of a lake", {"variations": 2}, "a lake"),
        ("another two", {"variations": 2}, ""),
        ("three more please", {"variations": 3}, ""),
        ("a lake, two variations", {"variations": 2}, "a lake"),
        ("three pictures of a cat", {"variations": 3}, "a cat"),
        ("three pictures on a wall", {}, "three pictures on a wall"),
        ("three cats", {}, "three cats"),
        ("one version of a cat", {}, "one version of a cat"),
        ("a fox, seed 42", {"seed": 42}, "a fox"),
        ("a fox, same seed", {"same_seed": True}, "a fox"),
        ("a fox with the same seed", {"same_seed": True}, "a fox"),
        ("a bag of seeds", {}, "a bag of seeds"),
        ("a lake, 16:9", {"aspect": "16:9"}, "a lake"),
        ("a lake in 4:3", {"aspect": "4:3"}, "a lake"),
        ("a clock at 10:00", {}, "a clock at 10:00"),
        ("a clock at 10:30", {}, "a clock at 10:30"),
        ("an apple, square", {"aspect": "1:1"}, "an apple"),
        ("a square table", {}, "a square table"),
        ("a knight in portrait format", {"aspect": "2:3"}, "a knight"),
        ("a portrait of a king", {}, "a portrait of a king"),
        ("a valley in landscape format", {"aspect": "3:2"}, "a valley"),
        ("a landscape of hills", {}, "a landscape of hills"),
        ("a landscape", {}, "a landscape"),
        ("a wallpaper of a lake", {"aspect": "16:9"}, "a lake"),
        ("a forest as a wallpaper", {"aspect": "16:9"}, "a forest"),
        ("a forest, phone wallpaper", {"aspect": "9:16"}, "a forest"),
        ("a fox, 512x768", {"width": 512, "height": 768}, "a fox"),
        ("seed 99999999999", {}, "seed 99999999999"),
        ("tres versiones de un zorro, semilla 42", {"variations": 3, "seed": 42}, "un zorro"),
        ("un renard, format carré, graine 12", {"aspect": "1:1", "seed": 12}, "un renard"),
        ("ein Fuchs, drei Varianten, Querformat", {"variations": 3, "aspect": "3:2"}, "ein Fuchs"),
        ("una volpe, tre versioni", {"variations": 3}, "una volpe"),
        ("uma raposa, formato quadrado", {"aspect": "1:1"}, "uma raposa"),
    ],
)
def test_what_a_drawing_is_to_be(text, slots, rest):
    assert read_slots("t2i", text) == slots
    assert without_settings(text) == rest


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("an empty beach, no people", ["people"]),
        ("a street with no cars and no people", ["cars", "people"]),
        ("a city without people or cars", ["people", "cars"]),
        ("a city, no people, cars or text", ["people", "cars", "text"]),
        ("a beach without people at sunset", ["people"]),
        ("a beach without any red umbrellas", ["red umbrellas"]),
        ("a no parking sign", []),
        ("a man with no name", []),
        ("a beach with people", []),
        ("una playa sin gente", ["gente"]),
        ("une plage sans parasols la nuit", ["parasols"]),
        ("eine Stadt ohne Autos", ["autos"]),
        ("una città senza macchine", ["macchine"]),
        ("uma praia sem pessoas", ["pessoas"]),
    ],
)
def test_what_must_not_appear(text, things):
    assert read_slots("t2i", text).get("without", []) == things


@pytest.mark.parametrize(
    ("task", "text", "slots"),
    [
        ("sr", "sharpen the second picture", SECOND),
        ("sr", "the last one", LAST),
        ("sr", "sharpen the first upload", {"picture": {"of": "upload", "index": 1}}),
        ("sr", "sharpen the photo I uploaded", {"picture": {"of": "upload", "index": -1}}),
        ("sr", "upscale picture 3", {"picture": {"of": "any", "index": 3}}),
        ("sr", "upscale #2", SECOND),
        ("sr", "upscale the original please", ORIGINAL),
        ("edit", "paint the original building", {"thing": "original building"}),
        ("edit", "make the previous version darker", PREVIOUS),
        ("edit", "make the one before darker", PREVIOUS),
        ("sr", "agranda la segunda imagen", SECOND),
        ("sr", "la última", LAST),
        ("sr", "agrandis la dernière image", LAST),
        ("sr", "das zweite Bild", SECOND),
        ("sr", "das Original", ORIGINAL),
        ("sr", "ingrandisci l'originale", ORIGINAL),
        ("sr", "a anterior", PREVIOUS),
        ("edit", "add a hat", {"thing": "hat"}),
        ("edit", "make the cat red", {"thing": "cat"}),
        ("edit", "make the red cat bigger", {"thing": "red cat"}),
        ("edit", "three versions of it in winter", {"variations": 3}),
        ("edit", "make it winter without people", {"without": ["people"]}),
        (
            "inpaint",
            "remove the small dog on the left",
            {"thing": "small dog", "size": "small", "where": "on the left"},
        ),
        (
            "inpaint",
            "erase the big red flower in the background",
            {"thing": "big red flower", "size": "big", "where": "in the background"},
        ),
        ("inpaint", "remove it", {}),
    ],
)
def test_which_picture_and_what_in_it(task, text, slots):
    assert read_slots(task, text) == slots


PHRASES = (
    "a lake",
    "three versions of",
    "seed 7",
    "same seed",
    "16:9",
    "in landscape format",
    "4x",
    "no",
    "without people",
    ",",
    "or",
    "square",
    "512x768",
    "another two",
    "wallpaper of",
    "the second",
    "picture",
    "remove",
    "small",
    "dog",
    "on the left",
    "A4",
    "300 dpi",
    "sin",
    "doppelt",
    "1,5",
)


@given(
    st.sampled_from(("t2i", "edit", "sr", "inpaint")),
    st.text(max_size=60) | st.lists(st.sampled_from(PHRASES), max_size=8).map(" ".join),
)
def test_any_words_give_slots_in_range(task, text):
    slots = read_slots(task, text)
    assert json.loads(json.dumps(slots)) == slots
    assert 1 < slots.get("scale", 2) <= 16
    assert all(16 <= slots.get(side, 16) <= 16384 for side in ("width", "height"))
    assert 2 <= slots.get("variations", 2) <= 16
    assert 0 <= slots.get("seed", 0) < 2**32
    assert "" not in slots.get("without", [])
    rest = without_settings(text)
    assert without_settings(rest) == rest
