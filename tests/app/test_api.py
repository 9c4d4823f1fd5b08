"""The typed call for programs."""

import base64
import io
from concurrent.futures import Future

import numpy as np
import pytest
from PIL import Image

from app.api import make_generate
from app.provenance import KEY, from_chunks
from app.refusals import in_words


@pytest.fixture
def generate(future: Future):
    return make_generate(future, max_megapixels=1.0)


def encode(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def decode(answer: dict) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer["image"])))


def test_drawing_is_repeatable_and_carries_its_recipe(generate):
    one, two = generate("t2i", "a cat", seed=3), generate("t2i", "a cat", seed=3)
    assert one["image"] and decode(one).tobytes() == decode(two).tobytes()
    assert (one["width"], one["height"], one["seed"], one["steps"]) == (32, 32, 3, 2)
    turn = from_chunks(decode(one).text)
    assert KEY in decode(one).text and turn.seed == 3 and turn.requests[0].prompt == "a cat"


def test_seed_and_steps_of_its_own(generate):
    assert generate("t2i", "a cat")["seed"] != generate("t2i", "a cat")["seed"]
    assert generate("t2i", "a cat", steps=3)["steps"] == 3


def test_enlarging_a_data_url(generate):
    image = "data:image/png;base64," + encode(Image.new("RGB", (20, 12), "red"))
    answer = generate("sr", image=image, scale=4)
    assert (answer["width"], answer["height"]) == (80, 48)


def test_a_mask_limits_the_change(generate):
    source = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    mask = Image.new("L", (32, 32))
    mask.paste(255, (0, 0, 8, 8))
    result = np.asarray(decode(generate("inpaint", image=encode(source), mask=encode(mask))))
    assert np.array_equal(result[16:], np.asarray(source)[16:])
    assert not np.array_equal(result[:4, :4], np.asarray(source)[:4, :4])


@pytest.mark.parametrize(("arguments", "named"), [
    ({"task": "edit", "prompt": "night"}, "needs an image"),
    ({"task": "dance"}, "dance"),
    ({"task": "sr", "image": "!!"}, "base64"),
    ({"task": "sr", "image": base64.b64encode(b"no picture").decode()}, "not a picture"),
    ({"task": "t2i", "prompt": "a", "steps": 100_000}, "steps"),
])
def test_what_cannot_be_done_is_one_sentence(generate, arguments, named):
    with pytest.raises(ValueError, match=named) as caught:
        generate(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [ValueError, RuntimeError])
def test_a_refusal_reaches_the_caller_as_its_sentence(error):
    class Refused(Exception):
        """What the server would send."""

    def refuses(task: str) -> str:
        raise error(f"{task} needs an image.")

    checked = in_words(refuses, Refused)
    assert checked.__name__ == "refuses" and checked.__annotations__ == refuses.__annotations__
    with pytest.raises(Refused, match="^edit needs an image.$") as refused:
        checked("edit")
    assert refused.value.__cause__ is None and refused.value.__suppress_context__
