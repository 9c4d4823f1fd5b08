"""What is drawn in a hidden part, what is noise there, and when a glance is enough."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import MTUPipeline
from mtu import look as looks
from mtu.coring import cored, in_front, is_drawn

SIDE, STEPS = 64, 6
LEFT = Image.new("L", (SIDE, SIDE))
LEFT.paste(255, (0, 0, SIDE // 2, SIDE))


def values(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(np.int16)


def noisy(image: Image.Image, amount: int) -> Image.Image:
    noise = np.random.default_rng(0).integers(-amount, amount + 1, (SIDE, SIDE, 3))
    return Image.fromarray((values(image) + noise).clip(0, 255).astype(np.uint8))


def with_disc(image: Image.Image, color=(250, 30, 30)) -> Image.Image:
    y, x = np.mgrid[:SIDE, :SIDE]
    disc = np.hypot(x - 16, y - 32) < 12
    return Image.fromarray(np.where(disc[..., None], color, image).astype(np.uint8))


def test_noise_goes_and_what_is_drawn_stays():
    fill = picture(SIDE, SIDE)
    assert np.abs(values(cored(fill, noisy(fill, 8))) - values(fill)).max() <= 1
    drawn = with_disc(fill)
    made = cored(fill, noisy(drawn, 8))
    assert np.abs(values(made) - values(fill))[:, 40:].max() <= 1  # the rest of it
    assert np.abs(values(made) - values(drawn))[26:38, 10:22].mean() < 8
    assert cored(fill, fill).tobytes() == fill.tobytes()


def test_something_is_drawn_if_it_is_strong_and_large_enough_within_the_part():
    fill = picture(SIDE, SIDE)
    assert is_drawn(fill, with_disc(fill), LEFT)
    assert not is_drawn(fill, noisy(fill, 12), LEFT)
    assert not is_drawn(fill, with_disc(fill), LEFT.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert not is_drawn(fill, with_disc(fill), Image.new("L", (SIDE, SIDE)))


def run(pipeline, **given):
    """(steps shown, picture) of filling the left half."""
    shown, steps = [], pipeline.steps("inpaint", "a cat", picture(SIDE, SIDE), mask=LEFT,
                                      generator=seeded(2), **given)
    while True:
        try:
            shown.append(next(steps))
        except StopIteration as end:
            return shown, end.value


def pipeline_with(**settings) -> MTUPipeline:
    return tiny_pipeline(**({"first_look": {"inpaint": 1}, "default_size": SIDE} | settings))


@pytest.mark.parametrize("drawn", [True, False])
def test_a_glance_is_all_where_nothing_is_drawn(monkeypatch, drawn):
    monkeypatch.setattr(looks, "is_drawn", lambda *_: drawn)
    shown, made = run(pipeline_with(glance={"inpaint": 2}), num_inference_steps=STEPS)
    count = STEPS if drawn else 2
    assert [step.index for step in shown if step.of == STEPS] == list(range(1, count + 1))
    assert (shown[-1].index, shown[-1].of) == (count, count)
    _, plain = run(pipeline_with(), num_inference_steps=2, guidance_scale=1.0,
                   image_guidance_scale=1.0)
    assert (made.tobytes() == plain.tobytes()) != drawn  # the glance is not guided


def test_a_request_of_no_more_steps_than_a_glance_has_takes_them(monkeypatch):
    monkeypatch.setattr(looks, "is_drawn", lambda *_: pytest.fail("asked"))
    shown, _ = run(pipeline_with(glance={"inpaint": 2}), num_inference_steps=2)
    assert [step.of for step in shown] == [2, 2]


def test_changes_that_the_model_learns_are_cored_where_the_source_is_hidden(monkeypatch):
    asked = []
    monkeypatch.setattr(looks, "cored", lambda fill, made: asked.append(fill) or fill)
    _, made = run(pipeline_with(residual={"inpaint": 1.0}), num_inference_steps=2)
    assert len(asked) == 1 and made.size == (SIDE, SIDE)
    assert np.array_equal(values(asked[0])[:, 34:], values(picture(SIDE, SIDE))[:, 34:])
    run(pipeline_with(), num_inference_steps=2)  # it learns the picture
    shows = pipeline_with(residual={"inpaint": 1.0}, first_look={})  # what is under the mask
    run(shows, num_inference_steps=2)
    assert len(asked) == 1


def test_glances_are_saved_and_checked(tmp_path):
    pipeline_with(glance={"inpaint": 2}).save_pretrained(tmp_path)
    assert MTUPipeline.from_pretrained(tmp_path).config.glance == {"inpaint": 2}
    with pytest.raises(ValueError, match="glance.*0"):
        pipeline_with(glance={"inpaint": 0})


def test_only_the_thing_is_set_in_front():
    behind, fill = picture(SIDE, SIDE), picture(SIDE, SIDE, 1)
    shown = noisy(with_disc(fill, (250, 250, 250)), 8)  # drawn before a ground that it guessed
    shown = np.array(shown)
    shown[29:35, 13:19] = np.asarray(fill)[29:35, 13:19]  # and with a hole in it
    made = in_front(fill, Image.fromarray(shown), behind)
    y, x = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(x - 16, y - 32)
    assert np.array_equal(values(made)[away > 18], values(behind)[away > 18])
    assert np.abs(values(made) - values(Image.fromarray(shown)))[away < 9].max() <= 1


def test_where_no_thing_is_drawn_none_is_set_in_front():
    fill = picture(SIDE, SIDE)
    assert in_front(fill, noisy(fill, 12), fill) is None
    assert in_front(fill, fill, picture(SIDE, SIDE, 1)) is None  # as it was filled
    assert in_front(picture(SIDE, SIDE, 1), fill, fill) is None  # as it is behind
    speck = np.array(fill)
    speck[20, 20:22] = 255 * (speck[20, 20:22] < 128)
    assert in_front(fill, Image.fromarray(speck), fill) is None
    faint = Image.blend(fill, with_disc(fill), 0.18)  # and nowhere strong
    assert in_front(fill, faint, fill) is None


def test_a_splinter_is_no_part_of_the_thing():
    behind = picture(SIDE, SIDE)
    shown = np.array(with_disc(behind))
    shown[50:54, 50:54] = (250, 30, 30)
    made = in_front(behind, Image.fromarray(shown), behind)
    assert np.array_equal(values(made)[46:, 46:], values(behind)[46:, 46:])
    assert np.array_equal(values(made)[28:36, 12:20], shown[28:36, 12:20])


@pytest.mark.parametrize("comes", [True, False])
def test_what_stands_in_front_is_drawn_with_nothing_hidden_or_else_once_more(monkeypatch, comes):
    source, asked = picture(SIDE, SIDE), []
    answers = iter([comes and source, source])

    def front(fill, made, behind):
        asked.append((fill, behind))
        return next(answers) or None

    monkeypatch.setattr(looks, "in_front", front)
    monkeypatch.setattr(looks, "is_drawn", lambda *_: pytest.fail("no glance tells"))
    pipeline = pipeline_with(glance={"inpaint": 2}, residual={"inpaint": 1.0})
    loop, conditions = pipeline._loop, []
    pipeline._loop = lambda inputs, condition, *counts: (
        conditions.append(condition) or loop(inputs, condition, *counts))
    shown, made = run(pipeline, num_inference_steps=STEPS, in_front=True)
    assert made.tobytes() == source.tobytes()
    assert asked[0] == (source, source)
    if comes:
        assert len(asked) == 1 and [step.index for step in shown] == list(range(1, STEPS + 1))
        return
    assert shown[-1].index == shown[-1].of == 2 * STEPS
    (fill, behind), (open_to_view, hidden) = asked[1], conditions
    assert not torch.equal(open_to_view, hidden)
    assert behind == source and fill != source
    assert np.array_equal(values(fill)[:, 34:], values(source)[:, 34:])
