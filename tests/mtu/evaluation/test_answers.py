"""How a case is answered: as the chat does it, or by the model alone."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from tiny_pipelines import tiny_pipeline

from mtu.evaluation.cases import FREE, Sampler
from mtu.evaluation.tasks import answer
from mtu.playground.cut_words import cut_of
from mtu.playground.plainly import plainly
from mtu.playground.styles import style_of, stylize

pytestmark = pytest.mark.usefixtures("glyphs")


class Heard:
    """A pipeline that keeps what it is asked."""

    def __init__(self):
        self.pipe, self.asked = tiny_pipeline(default_steps=1), []

    def __call__(self, task, text, **given):
        self.asked.append((task, text, "mask" in given))
        return self.pipe(task, text, **given)


def test_free_wording_is_read_as_a_caption_or_given_as_it_is():
    for case in Sampler(3, 32).cases("t2i", FREE, 12):
        heard = Heard()
        answer(heard, case)
        answer(heard, case, alone=True)
        assert [text for _, text, _ in heard.asked] == [plainly(case.text), case.text]


def test_styles_are_exact_or_the_models():
    (case,) = Sampler(3, 32).cases("edit", "style", 1)
    heard = Heard()
    assert np.array_equal(answer(heard, case), stylize(case.source, style_of(case.text)))
    assert heard.asked == []
    answer(heard, case, alone=True)
    assert heard.asked == [("edit", case.text, False)]


@pytest.mark.parametrize("kind", ["move", "recolor", "replace"])
def test_one_thing_is_cut_out_or_drawn_by_the_model(kind):
    case = next(each for each in Sampler(3, 32).cases("edit", kind, 9) if cut_of(each.text))
    heard = Heard()
    assert answer(heard, case).shape == case.source.shape
    assert heard.asked[0] == ("inpaint", f"remove {cut_of(case.text).thing}", False)
    heard.asked.clear()
    answer(heard, case, alone=True)
    assert heard.asked == [("edit", case.text, False)]


@pytest.mark.parametrize("kind", ["add", "replace"])
def test_what_comes_is_drawn_in_front_of_what_goes_on_behind_it(kind):
    case = next(each for each in Sampler(3, 32).cases("edit", kind, 9) if cut_of(each.text))
    plate, drawn = case.source.copy(), case.source[::-1]
    plate[8:24, 8:24] = 255 - plate[8:24, 8:24]
    answers, asked = iter([plate, drawn] if kind == "replace" else [drawn]), []

    def pipe(task, text, **given):
        asked.append((text, given))
        return SimpleNamespace(images=[Image.fromarray(next(answers))])

    assert np.array_equal(answer(pipe, case), drawn)
    text, given = asked[-1]
    assert text == f"draw {cut_of(case.text).new} here" and given["in_front"]
    behind = case.source if kind == "add" else plate
    assert np.array_equal(given["image"], behind)
    assert (given["where"], "mask" in given) == \
        ((case.text, False) if kind == "add" else ("", True))
    assert not any(earlier["in_front"] for _, earlier in asked[:-1])
