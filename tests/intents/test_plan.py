"""Splitting, the words for the backbone, plans as the shipped router makes them, and masks."""

import pytest

from intents import Router
from intents.evaluate import PLAN_FILES, measure_plans
from intents.plan import backbone_text, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Remove the lamp, then make it winter and double the size",
            ["Remove the lamp", "make it winter", "double the size"],
        ),
        ("remove the hat and add sunglasses", ["remove the hat", "add sunglasses"]),
        ("1. remove the tree 2. turn the sky orange", ["remove the tree", "turn the sky orange"]),
        ("make it night. Then 4x", ["make it night", "4x"]),
        ("paint it blue; erase the dog", ["paint it blue", "erase the dog"]),
    ],
)
def test_several_wishes_are_split(text, parts):
    assert split(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "salt and pepper shakers",
        "a cat and a dog",
        "remove the cat and the dog",
        "make the car red and the house blue",
        "make it warmer and brighter",
        "",
        "a robot that can draw and paint",
        "ignore my upload, draw a castle",
        'a sign that says "stop, then add sugar"',
        "crop and rotate the picture",
        "a quiet beach. nobody around. soft light",
        "scale it by 1.5",
    ],
)
def test_one_wish_stays_whole(text):
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("task", "text", "wanted"),
    [
        (
            "t2i",
            "can you please draw me a picture of a red fox in the snow please?",
            "a red fox in the snow",
        ),
        ("t2i", "ignore my upload, draw a castle", "a castle"),
        ("t2i", "4 variations of a mushroom village, seed 12, 16:9", "a mushroom village"),
        ("t2i", "a portrait of a king, 512x768", "a portrait of a king"),
        ("t2i", "a man drawing a cat", "a man drawing a cat"),
        ("t2i", "draw", "draw"),
        ("edit", "thanks! could you make the sky pink, please?", "make the sky pink"),
        ("edit", "add a red hat", "add a red hat"),
        ("inpaint", "ok, now remove the lamp.", "remove the lamp"),
        ("inpaint", "a red balloon", "a red balloon"),
        ("sr", "enlarge it 4x", ""),
    ],
)
def test_words_for_the_backbone(task, text, wanted):
    assert backbone_text(task, text) == wanted


def test_whole_plans_that_the_rules_were_not_mended_by():
    held_out = [path for path in PLAN_FILES if "heldout" in path.name]
    router = Router.load()
    found = [measure_plans(router, path) for path in held_out]
    plans = sum(each["plans"] for each in found)
    wrong = [each["text"] for result in found for each in result["wrong"]]
    assert plans >= 120
    assert 1 - len(wrong) / plans >= 0.9, wrong
