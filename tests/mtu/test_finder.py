"""The finder: what it sees and reads, what a look makes of it, and that it is saved."""

import numpy as np
import pytest
import torch
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import Engine, MTUPipeline, Request
from mtu.engine import Done, Failed
from mtu.finder import CELL, Finder, chosen_cells
from mtu.look import NotFound

STEPS = 6
SIDE = 64


def tiny_finder(text_width: int = 24) -> Finder:
    """A small one, away from its start, where blocks change nothing."""
    torch.manual_seed(1)
    finder = Finder(text_width, (8, 16, 32), (1, 1, 1)).eval()
    with torch.no_grad():
        for parameter in finder.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return finder


def rigged(found=lambda cells: cells[..., :2], likely: float = 5.0) -> MTUPipeline:
    """A pipeline of 64 pixels whose finder holds a part of the 4 x 4 cells to change, the left
    half, whatever it sees."""
    pipeline = tiny_pipeline(first_look={"edit": 2, "inpaint": 2}, default_size=SIDE)
    logits = torch.full((1, 1, SIDE // CELL, SIDE // CELL), -5.0)
    found(logits).fill_(likely)
    finder = tiny_finder()
    finder.forward = lambda pixels, states, mask: logits
    pipeline.register_modules(finder=finder)
    return pipeline


def test_a_finder_answers_for_each_cell_by_the_picture_and_by_the_words():
    finder = tiny_finder()
    pixels, states = torch.randn(2, 3, 48, 80), torch.randn(2, 5, 24)
    found = finder(pixels, states)
    assert found.shape == (2, 1, 3, 5)
    assert not torch.allclose(finder(pixels.flip(0), states), found)
    assert not torch.allclose(finder(pixels, states.flip(0)), found)


def test_it_reads_no_padding():
    finder = tiny_finder()
    pixels, states = torch.randn(1, 3, 32, 32), torch.randn(1, 5, 24)
    mask, other = torch.tensor([[1, 1, 1, 0, 0]]), states.clone()
    other[:, 3:] = 9.0
    torch.testing.assert_close(finder(pixels, states, mask), finder(pixels, other, mask))
    torch.testing.assert_close(finder(pixels, states, mask), finder(pixels, states[:, :3]))
    assert not torch.allclose(finder(pixels, states), finder(pixels, other))


def test_it_knows_left_from_right_where_all_looks_alike():
    found = tiny_finder()(torch.zeros(1, 3, 64, 128), torch.randn(1, 4, 24))
    assert not torch.allclose(found, found.flip(3), atol=1e-3)
    assert not torch.allclose(found, found.flip(2), atol=1e-3)


def test_several_requests_of_a_picture_are_asked_of_what_was_seen_once():
    finder = tiny_finder()
    pixels, states = torch.randn(2, 3, 32, 32), torch.randn(6, 4, 24)
    together = finder.find(finder.see(pixels), states)
    alone = finder(pixels.repeat_interleave(3, 0), states)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("share", "chosen"), [(0.0, 0.0), (0.4, 0.4), (0.8, 1.0)])
def test_a_change_of_nearly_all_is_one_of_the_whole_picture(share, chosen):
    logits = torch.full((1, 1, 10, 10), -3.0)
    logits[..., : int(10 * share), :] = 3.0
    cells = chosen_cells(logits)
    assert cells.mean() == pytest.approx(chosen)
    assert set(cells.unique().tolist()) <= {0.0, 1.0}


def likelihoods(*rows: str) -> torch.Tensor:
    """Logits of cells with a probability of a tenth of each digit; "." for 1 in 1000."""
    chances = [[0.001 if digit == "." else int(digit) / 10 for digit in row] for row in rows]
    return torch.tensor(chances).logit()[None, None]


def test_of_what_may_be_meant_the_surest_is_chosen_whole():
    cells = chosen_cells(likelihoods(
        "55.....7",
        "55.....7",
        "...2....",
        "..49....",
        "..4..4.."))
    chosen = [tuple(cell) for cell in cells[0, 0].nonzero().tolist()]
    assert chosen == [(3, 2), (3, 3), (4, 2)]  # with what touches it and may belong to it


def test_where_nothing_is_likely_nothing_is_chosen():
    assert not chosen_cells(likelihoods("..2..", "..21.", ".....")).any()


def test_two_parts_that_are_as_sure_both_change():
    cells = chosen_cells(likelihoods("89...4...", "8.....98.", "..6......"))
    chosen = [tuple(cell) for cell in cells[0, 0].nonzero().tolist()]
    assert chosen == [(0, 0), (0, 1), (0, 5), (1, 0), (1, 6), (1, 7)]


@pytest.mark.parametrize("task", ["edit", "inpaint"])
def test_what_is_found_is_redrawn_and_the_rest_is_the_sources_to_the_byte(task):
    source = picture(96, 96)
    result = rigged()(task, "a cat", source, num_inference_steps=STEPS, generator=seeded(1))
    before, after = np.asarray(source), np.asarray(result.images[0])
    assert np.array_equal(before[:, 49:], after[:, 49:])
    assert np.abs(before[:, :40].astype(int) - after[:, :40]).mean() > 5


def test_a_change_of_the_whole_picture_is_one_even_where_the_model_changed_little():
    source = picture(SIDE, SIDE)
    whole = rigged(lambda cells: cells)
    for step in (run := whole.steps("edit", "make it night", source, num_inference_steps=1)):
        drawn = step.preview
    assert drawn is not None and run is not None
    result = whole("edit", "make it night", source, num_inference_steps=1, generator=seeded(2))
    assert (np.asarray(result.images[0]) != np.asarray(source)).any(-1).mean() > 0.9


def test_asking_the_finder_takes_none_of_the_steps():
    shown = list(rigged().steps("edit", "a cat", picture(80, 64), num_inference_steps=STEPS))
    assert [step.index for step in shown] == list(range(1, STEPS + 1))
    assert {step.of for step in shown} == {STEPS}


def test_what_is_hidden_is_not_seen_by_what_redraws_it():
    source, other = picture(SIDE, SIDE), picture(SIDE, SIDE)
    other.paste((255, 0, 90), (2, 2, 30, 60))

    def drawn(image):
        answer = rigged()("edit", "a cat", image, num_inference_steps=STEPS, generator=seeded(3))
        return answer.images[0].crop((0, 0, 31, SIDE)).tobytes()

    assert drawn(source) == drawn(other)


def test_with_a_mask_the_finder_is_not_asked():
    pipeline, mask = rigged(), picture(SIDE, SIDE).convert("L").point(lambda v: 255)

    def refuse(pixels, states, mask):
        raise AssertionError("asked")

    pipeline.finder.forward = refuse
    pipeline("inpaint", "a cat", picture(SIDE, SIDE), mask=mask, num_inference_steps=STEPS)
    with pytest.raises(AssertionError, match="asked"):
        pipeline("inpaint", "a cat", picture(SIDE, SIDE), num_inference_steps=STEPS)


@pytest.mark.parametrize("chance", [0.02, 0.55])
def test_what_is_nowhere_to_be_found_is_said_and_nothing_is_changed(chance):
    nothing = rigged(likely=float(torch.tensor(chance).logit()))
    source = picture(SIDE, SIDE)
    for task, text in (("inpaint", "remove the zebra"), ("edit", "paint the zebra red")):
        with pytest.raises(NotFound, match="do not find that in the picture. Paint over"):
            nothing(task, text, source, num_inference_steps=STEPS)
    engine = Engine(nothing)
    try:
        *_, refused = engine.submit(Request("inpaint", "remove the zebra", image=source)).events()
        *_, drawn = engine.submit(Request("t2i", "a cat")).events()
    finally:
        engine.close()
    assert isinstance(refused, Failed) and refused.message == str(NotFound())
    assert isinstance(drawn, Done)


def test_the_finder_is_saved_with_the_pipeline_and_answers_the_same(tmp_path):
    pipeline = tiny_pipeline(first_look={"edit": 1})
    pipeline.register_modules(finder=tiny_finder())
    pipeline.save_pretrained(tmp_path)
    loaded = MTUPipeline.from_pretrained(tmp_path)
    inputs = torch.randn(1, 3, 32, 32), torch.randn(1, 4, 24)
    assert torch.equal(loaded.finder(*inputs), pipeline.finder(*inputs))
    assert MTUPipeline.from_pretrained(tmp_path, finder=None).finder is None
