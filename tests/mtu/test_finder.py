"""The finder: what it reads, what a look makes of it, and that it is saved with the pipeline."""

import numpy as np
import pytest
import torch
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import MTUPipeline
from mtu.finder import Finder, chosen_cells, watched

STEPS = 6


def rigged(side: int = 8, **settings) -> MTUPipeline:
    """A pipeline whose finder holds the left half of the sample to change, whatever it sees."""
    pipeline = tiny_pipeline(first_look={"edit": 2, "inpaint": 2}, **settings)
    finder = Finder.for_unet(pipeline.unet)
    logits = torch.full((1, 1, side, side), -5.0)
    logits[..., : side // 2] = 5.0
    finder.forward = lambda middle, last: logits
    pipeline.register_modules(finder=finder)
    return pipeline


def test_features_are_kept_while_watched_and_no_longer():
    pipeline = tiny_pipeline()
    run = {"num_inference_steps": 1, "generator": seeded(0)}
    with watched(pipeline.unet) as watch:
        pipeline("t2i", "a cat", **run)
        middle, last = watch.take()
        assert middle.shape[1:] == (32, 8, 8) and last.shape[1:] == (16, 8, 8)
        assert watch.take() == (None, None)
    pipeline("t2i", "a cat", **run)
    assert watch.take() == (None, None)


def test_a_finder_reads_both_features_and_brings_them_to_one_size():
    torch.manual_seed(0)
    finder = Finder((32, 16))
    middle, last = torch.randn(2, 32, 4, 4), torch.randn(2, 16, 8, 8)
    found = finder(middle, last)
    assert found.shape == (2, 1, 8, 8)
    for changed in ((middle.flip(0), last), (middle, last.flip(0))):
        assert not torch.allclose(finder(*changed), found)
    torch.testing.assert_close(finder(100 * middle, last), found)  # their scale does not matter


@pytest.mark.parametrize(("share", "chosen"), [(0.0, False), (0.4, True), (0.8, False)])
def test_a_change_of_nothing_or_of_nearly_all_hides_nothing(share, chosen):
    logits = torch.full((1, 1, 10, 10), -3.0)
    logits[..., : int(10 * share), :] = 3.0
    cells = chosen_cells(logits)
    assert (cells is not None) == chosen
    if chosen:
        assert torch.equal(cells, (logits > 0).float())


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
    assert chosen_cells(likelihoods("..2..", "..21.", ".....")) is None


def test_two_parts_that_are_as_sure_both_change():
    cells = chosen_cells(likelihoods("89...4...", "8.....98.", "..6......"))
    chosen = [tuple(cell) for cell in cells[0, 0].nonzero().tolist()]
    assert chosen == [(0, 0), (0, 1), (0, 5), (1, 0), (1, 6), (1, 7)]


def test_a_finder_is_asked_over_several_noises_and_their_mean_counts():
    pipeline, asked = rigged(), []

    def answer(middle, last):
        asked.append(last)
        logits = torch.full((len(last), 1, 8, 8), -5.0)
        logits[1:, ..., :4] = 5.0  # all but the first
        return logits

    pipeline.finder.forward = answer
    source = picture(32, 32)
    result = pipeline("edit", "a cat", source, num_inference_steps=STEPS, generator=seeded(1))
    assert len(asked) == 1 and len(asked[0]) > 2
    assert not torch.allclose(asked[0][0], asked[0][1])
    before, after = np.asarray(source), np.asarray(result.images[0])
    assert np.array_equal(before[:, 17:], after[:, 17:]) and not np.array_equal(before, after)


@pytest.mark.parametrize("task", ["edit", "inpaint"])
def test_what_is_found_is_redrawn_and_the_rest_is_the_sources_to_the_byte(task):
    source = picture(48, 48)
    result = rigged()(task, "a cat", source, num_inference_steps=STEPS, generator=seeded(1))
    before, after = np.asarray(source), np.asarray(result.images[0])
    assert np.array_equal(before[:, 25:], after[:, 25:])
    assert np.abs(before[:, :20].astype(int) - after[:, :20]).mean() > 5


def test_asking_the_finder_is_one_of_the_steps():
    shown = list(rigged().steps("edit", "a cat", picture(40, 32), num_inference_steps=STEPS))
    assert [step.index for step in shown] == list(range(1, STEPS + 1))
    assert {step.of for step in shown} == {STEPS} and shown[0].preview.size == (32, 32)


def test_what_is_hidden_is_not_seen_by_what_redraws_it():
    source, other = picture(32, 32), picture(32, 32)
    other.paste((255, 0, 90), (2, 2, 13, 30))

    def drawn(image):
        answer = rigged()("edit", "a cat", image, num_inference_steps=STEPS, generator=seeded(3))
        return answer.images[0].crop((0, 0, 12, 32)).tobytes()

    assert drawn(source) == drawn(other)


def test_with_a_mask_the_finder_is_not_asked():
    pipeline, mask = rigged(), picture(32, 32).convert("L").point(lambda v: 255)

    def refuse(middle, last):
        raise AssertionError("asked")

    pipeline.finder.forward = refuse
    pipeline("inpaint", "a cat", picture(32, 32), mask=mask, num_inference_steps=STEPS)
    with pytest.raises(AssertionError, match="asked"):
        pipeline("inpaint", "a cat", picture(32, 32), num_inference_steps=STEPS)


def test_the_finder_is_saved_with_the_pipeline_and_answers_the_same(tmp_path):
    pipeline = tiny_pipeline(first_look={"edit": 1})
    torch.manual_seed(1)
    pipeline.register_modules(finder=Finder.for_unet(pipeline.unet).eval())
    pipeline.save_pretrained(tmp_path)
    loaded = MTUPipeline.from_pretrained(tmp_path)
    middle, last = torch.randn(1, 32, 8, 8), torch.randn(1, 16, 8, 8)
    assert torch.equal(loaded.finder(middle, last), pipeline.finder(middle, last))
    assert MTUPipeline.from_pretrained(tmp_path, finder=None).finder is None
