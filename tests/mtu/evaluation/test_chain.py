"""Ten edits in a row: each begins where the one before ended, and what they leave is measured."""

from dataclasses import replace

import pytest
from tiny_pipelines import tiny_pipeline

from mtu.evaluation.cases import Sampler
from mtu.evaluation.chain import CHAINS, EDITS, chain_table, chains, run_chains
from mtu.evaluation.metrics import psnr
from mtu.evaluation.tasks import answer
from mtu.playground.edits import apply

pytestmark = pytest.mark.usefixtures("glyphs")


def test_each_edit_begins_where_the_one_before_ended():
    first, again = chains(Sampler(4, 64), 2), chains(Sampler(4, 64), 1)
    assert [case.text for case in first[0].cases] == [case.text for case in again[0].cases]
    for one in first:
        assert len(one.cases) == len(one.outside) == EDITS
        for before, after in zip(one.cases, one.cases[1:], strict=False):
            assert apply(before.edit, before.scene) == after.scene
            assert (before.truth == after.source).all()
        start = one.cases[0].source
        for case, outside in zip(one.cases, one.outside, strict=True):
            assert outside.mean() >= 0.25 and (case.truth == start)[outside].all()
            assert 1 <= len(apply(case.edit, case.scene).items) <= 3


def test_there_are_few_and_removals_only_of_a_model_that_removes():
    assert len(chains(Sampler(0, 64), 50)) == CHAINS
    assert chains(Sampler(0, 64), 1, ["t2i", "inpaint"]) == []
    (only,) = chains(Sampler(0, 64), 1, ["edit"])
    assert {case.task for case in only.cases} == {"edit"}


def test_every_picture_is_made_from_the_last_and_compared_with_the_first():
    pipe, asked = tiny_pipeline(default_steps=1), chains(Sampler(0, 32), 1)
    result, values = run_chains(pipe, asked), []
    first = picture = asked[0].cases[0].source
    for case, outside in zip(asked[0].cases, asked[0].outside, strict=True):
        picture = answer(pipe, replace(case, source=picture))
        values.append(psnr(picture, first, outside))
    assert result["PSNR"] == [values] and result["outside"] == [asked[0].outside[-1].mean()]
    assert f"| mean | {values[0]:.1f} |" in chain_table(result)
