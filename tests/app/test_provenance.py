"""A turn survives the way into a PNG and back, and what is not one of ours is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from app.provenance import KEY, from_chunks, read_png, save_png, to_chunks
from app.turns import Recipe, Step, Turn

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
number = st.integers(1, 99)
share = st.floats(0, 1)
slots = st.dictionaries(text, st.one_of(number, text, st.lists(text, max_size=2),
                                        st.dictionaries(text, number, max_size=2)), max_size=2)
recipes = st.builds(Recipe, task=text, prompt=text, seed=number, scale=number,
                    source=st.none() | number, masked=st.booleans(),
                    size=st.none() | st.tuples(number, number))
turns = st.builds(
    Turn, message=text, attachments=st.tuples(number), base=st.none() | number,
    masked=st.booleans(), intent=text, confidence=share, chosen=st.booleans(),
    scores=st.dictionaries(text, share, max_size=5),
    plan=st.tuples(st.builds(Step, text, text, slots, st.booleans())),
    seed=number, model=text, requests=st.lists(recipes, max_size=3).map(tuple),
    images=st.lists(number, max_size=3).map(tuple), timings=st.lists(share, max_size=3).map(tuple),
    steps=st.lists(number, max_size=3).map(tuple), language=text,
)
TURN = Turn("a cat", plan=(Step("t2i", "a cat"),), seed=5, confidence=1.0, model="tiny",
            requests=(Recipe("t2i", "a cat", 5, 2, None, False),), images=(1,), timings=(0.5,),
            steps=(20,))


@settings(max_examples=60, deadline=None)
@given(turns)
def test_round_trip(turn):
    assert from_chunks(to_chunks(turn)) == turn


def test_round_trip_through_a_file(tmp_path):
    path = tmp_path / "a.png"
    turn = Turn("café, 中文, 🎈\nnew line", seed=3)
    save_png(Image.new("RGB", (8, 8)), path, turn)
    assert read_png(path) == turn
    with Image.open(path) as image:
        assert image.text["Software"] == "OneBrush"


def test_the_prompt_stands_where_other_programs_look():
    assert to_chunks(TURN)["Description"] == "a cat"


def test_a_picture_without_a_recipe(tmp_path):
    path = tmp_path / "a.png"
    save_png(Image.new("RGB", (8, 8)), path, None)
    assert read_png(path) is None


def test_chunks_behind_the_pixels_are_read(tmp_path):
    path = tmp_path / "a.png"
    info = PngImagePlugin.PngInfo()
    info.add_itxt(KEY, to_chunks(TURN)[KEY], zip=True)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    assert read_png(path) == TURN


def test_a_picture_saved_by_the_first_version_is_read():
    values = json.loads(to_chunks(TURN)[KEY])
    del values["plan"][0]["mask"], values["requests"][0]["size"], values["language"]
    assert from_chunks({KEY: json.dumps(values)}) == TURN


def damaged(**changes) -> str:
    return json.dumps(json.loads(to_chunks(TURN)[KEY]) | changes)


@pytest.mark.parametrize("chunk", [
    "", "{", "[]", "null", "1", "{}", damaged(format=2), damaged(seed="5"), damaged(seed=None),
    damaged(plan=[{"task": "t2i"}]), damaged(requests={}), damaged(extra=1), damaged(scores=[1]),
    damaged(masked=1), damaged(images=["1"]), damaged(base=True), "[" * 100_000,
])
def test_a_damaged_recipe_is_one_clear_sentence(chunk):
    with pytest.raises(ValueError, match="recipe") as caught:
        from_chunks({KEY: chunk})
    assert "\n" not in str(caught.value)


def test_an_endless_recipe_is_not_read():
    with pytest.raises(ValueError, match="too long"):
        from_chunks({KEY: " " * 2_000_000})
