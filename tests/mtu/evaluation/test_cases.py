"""Cases: seeded, unseen, of the split that their group says, and their text says what they ask."""

import numpy as np
import pytest

from mtu.evaluation.cases import GROUPS, Sampler, prompt
from mtu.playground.scene import has_heldout_pair, sample_scene
from mtu.playground.vocabulary import PLACES, TIMES

pytestmark = pytest.mark.usefixtures("glyphs")
ALL = [(task, group) for task, groups in GROUPS.items() for group in groups]


@pytest.mark.parametrize(("task", "group"), ALL)
def test_the_same_seed_gives_the_same_cases_and_another_seed_others(task, group):
    first, again, other = (list(Sampler(seed, 32).cases(task, group, 3)) for seed in (5, 5, 6))
    for one, two in zip(first, again, strict=True):
        assert (one.text, one.scene, one.edit) == (two.text, two.scene, two.edit)
        assert (one.truth == two.truth).all()
    assert any((one.truth != two.truth).any() for one, two in zip(first, other, strict=True))


def test_a_shorter_run_has_the_first_cases_of_a_longer_one():
    short, long = (list(Sampler(0, 32).cases("edit", "add", n)) for n in (2, 5))
    assert [case.text for case in short] == [case.text for case in long][:2]


def test_heldout_pairs_are_asked_for_only_in_their_own_group():
    for group in GROUPS["t2i"]:
        held = [has_heldout_pair(case.scene) for case in Sampler(1, 32).cases("t2i", group, 8)]
        assert all(held) if group == "held-out pairs" else not any(held)


def test_prompts_name_every_thing_place_and_time():
    rng = np.random.default_rng(4)
    for _ in range(100):
        scene = sample_scene(rng)
        text, columns, rows = prompt(scene, rng)
        for k, item in enumerate(scene.items):
            assert item.thing in text
            assert item.color is None or f"{item.color} {item.thing}" in text
            if k in columns and item.column != "middle":
                assert item.column in text
        assert any(phrase in text for phrase in PLACES[scene.place].phrases)
        assert not PLACES[scene.place].has_time or TIMES[scene.time][0] in text
        assert set(rows) <= set(columns)


def test_a_mask_is_painted_only_where_a_mask_is_the_question():
    for kind in GROUPS["inpaint"]:
        for case in Sampler(2, 64).cases("inpaint", kind, 4):
            assert case.hole.any()
            assert (case.mask is not None) == (kind in ("remove_mask", "fill_mask"))
            if case.mask is not None:
                assert (case.mask & case.hole).sum() > 0.6 * case.hole.sum()
