"""The cases the project promised by name: the text decides, the attachment where it is open."""

import pytest
import torch

from intents import Router
from intents.articles import plural

NO, PICTURE, MASK, STANDING = (
    (0, False, False),
    (1, False, False),
    (1, True, False),
    (0, False, True),
)
CASES = [
    ("ignore my upload, draw a castle", PICTURE, "t2i"),
    ("a photo of a lake in high resolution", NO, "t2i"),
    ("a photo of a lake in high resolution", STANDING, "t2i"),
    ("remove the blur", PICTURE, "sr"),
    ("remove the watermark", PICTURE, "inpaint"),
    ("without the umbrella", PICTURE, "inpaint"),
    ("without the umbrella", STANDING, "inpaint"),
    ("an empty beach, no people", NO, "t2i"),
    ("replace the dog with a cat", PICTURE, "edit"),
    ("replace the dog with a cat", STANDING, "edit"),
    ("replace the dog with a cat", MASK, "inpaint"),
    ("draw a blurry photo", NO, "t2i"),
    ("draw a cat in the snow", STANDING, "t2i"),
    ("colorize this old photo", PICTURE, "edit"),
    ("make the cat bigger", STANDING, "edit"),
    ("make it bigger", STANDING, "sr"),
    ("upscale this", MASK, "sr"),
    ("make it winter everywhere", MASK, "edit"),
    ("a red balloon", MASK, "inpaint"),
    ("a red balloon", NO, "t2i"),
    ("undo that", STANDING, "chat"),
    ("what can you do?", PICTURE, "chat"),
    ("asdf hjkl", NO, "chat"),
    ("what is the capital of peru?", NO, "chat"),
]


@pytest.fixture(scope="module")
def router():
    torch.set_num_threads(1)
    return Router.load()


@pytest.mark.parametrize(("text", "around", "intent"), CASES)
def test_named_case(router, text, around, intent):
    prediction = router.predict(text, *around)
    assert prediction.intent == intent
    assert prediction.confidence > router.threshold


@pytest.mark.parametrize(
    ("text", "around", "intent"),
    [
        ("DRAW A CAT IN THE SNOW", NO, "t2i"),
        ("remove teh lamp", PICTURE, "inpaint"),
        ("mak it nigth", PICTURE, "edit"),
        ("make this bgger", PICTURE, "sr"),
        ("🐱 draw a cat 🐱", NO, "t2i"),
        ("❄️❄️ make it winter ❄️❄️", PICTURE, "edit"),
        ("remove\u200b the \u200dlamp", PICTURE, "inpaint"),
        ("re\u00admove the lamp", PICTURE, "inpaint"),
        ("ｒｅｍｏｖｅ ｔｈｅ ｌａｍｐ", PICTURE, "inpaint"),
        ("remove the lamp " + "please " * 1400, PICTURE, "inpaint"),
    ],
)
def test_however_it_is_typed(router, text, around, intent):
    assert router.predict(text, *around).intent == intent


@pytest.mark.parametrize("around", [NO, STANDING])
@pytest.mark.parametrize(
    "text", ["a dog", "A cat.", "cat", "horse", "two cats", "a boat on the lake", "castle", "owls"]
)
def test_a_thing_named_is_drawn(router, text, around):
    prediction = router.predict(text, *around)
    assert prediction.intent == "t2i"
    assert prediction.confidence > router.threshold


@pytest.mark.parametrize(
    ("text", "around", "intent"),
    [
        ("dog", NO, "t2i"),
        ("two dogs", NO, "t2i"),
        ("a red car", STANDING, "t2i"),
        ("night", STANDING, "edit"),
        ("clear the sky", STANDING, "edit"),
        ("less noise, more contrast", STANDING, "edit"),
        ("lorem ipsum", NO, "chat"),
        ("lorem ipsum dolor sit amet", STANDING, "chat"),
        ("undo that and thanks", STANDING, "chat"),
    ],
)
def test_a_short_message_is_taken_as_people_mean_it(router, text, around, intent):
    assert router.predict(text, *around).intent == intent


THINGS = (
    "tiger, zebra, koala, bicycle, truck, strawberry, watermelon, guitar, clock, chair, hat, "
    "teddy bear, kite, ferris wheel, dragon, octopus, lighthouse, snowman"
).split(", ")


@pytest.mark.parametrize("words", ["a {}", "{}", "a {} underwater", "a {} on the moon", "three {}"])
def test_ordinary_things_are_drawn(router, words):
    named = [plural(thing) if "three" in words else thing for thing in THINGS]
    texts = [words.format(thing) for thing in named]
    assert [text for text in texts if router.predict(text).intent != "t2i"] == []


@pytest.mark.parametrize(
    "text", ["narysuj smoka", "нарисуй дракона", "ドラゴンを描いて", "ارسم تنينا", "ejderha çiz"]
)
def test_an_unread_language_is_asked_about(router, text):
    prediction = router.predict(text)
    assert prediction.language == "other"
    assert prediction.intent == "chat" or prediction.confidence < router.threshold
