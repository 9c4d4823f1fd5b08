"""Cases: seeded, unseen, of the split that their group says, and their text says what they ask."""

import numpy as np
import pytest

from mtu.evaluation.cases import FREE, GROUPS, TWINS, Sampler, prompt
from mtu.evaluation.free import free_prompts, scene_of, shuffled
from mtu.evaluation.tasks import counts
from mtu.playground.edits import apply
from mtu.playground.scene import has_heldout_pair, sample_scene
from mtu.playground.vocabulary import PLACES, SIZE_WORDS, THINGS, TIMES, WEATHERS

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
        text, columns, rows, sizes = prompt(scene, rng)
        for k, item in enumerate(scene.items):
            assert item.thing in text
            assert item.color is None or f"{item.color} {item.thing}" in text
            if k in columns and item.column != "middle":
                assert item.column in text
        assert any(phrase in text for phrase in PLACES[scene.place].phrases)
        assert not PLACES[scene.place].has_time or TIMES[scene.time][0] in text
        assert set(rows) <= set(columns)
        for k in sizes:
            assert any(f"{word} {scene.items[k].color or ''}".strip() in text
                       for word in SIZE_WORDS[scene.items[k].size])


def test_a_mask_is_painted_only_where_a_mask_is_the_question():
    for kind in GROUPS["inpaint"]:
        for case in Sampler(2, 64).cases("inpaint", kind, 4):
            assert case.hole.any()
            assert (case.mask is not None) == (kind in ("remove_mask", "fill_mask"))
            if case.mask is not None:
                assert (case.mask & case.hole).sum() > 0.6 * case.hole.sum()


def test_free_prompts_ask_for_what_the_world_has_and_no_held_out_pair():
    assert len(free_prompts()) >= 150
    assert len({words.text.lower() for words in free_prompts()}) == len(free_prompts())
    for words in free_prompts():
        place = PLACES[words.place]
        assert 1 <= len(set(words.things)) == len(words.things) <= 2
        assert set(words.things) <= set(THINGS)
        assert words.time is None or (place.has_time and words.time in TIMES)
        assert words.weather is None or (place.has_weather and words.weather in WEATHERS)
        assert not has_heldout_pair(scene_of(words, np.random.default_rng(0)))
        named = [name for thing in words.things for name in THINGS[thing].names]
        assert any(name in words.text.lower() for name in named)


def test_free_prompts_come_by_turns_and_all_of_them_at_the_most():
    assert [len(words.things) for words in shuffled(3)[:6]] == [1, 2] * 3
    assert sorted(w.text for w in shuffled(3)) == sorted(w.text for w in free_prompts())
    assert counts("t2i", 2)[FREE] == 8
    assert counts("t2i", 1000)[FREE] == len(free_prompts())


def test_one_of_two_alike_goes_and_the_words_tell_which():
    for case in Sampler(2, 32).cases("inpaint", TWINS, 20):
        index, items = case.edit.index, case.scene.items
        twins = [item for item in items if item.thing == items[index].thing]
        assert len(twins) == 2 and twins[0].column != twins[1].column
        assert len(apply(case.edit, case.scene).items) == len(items) - 1
        sizes = SIZE_WORDS[items[index].size] if twins[0].size != twins[1].size else ()
        places = ("center", "centre", items[index].column)
        assert any(word in case.text for word in (*sizes, *places))


def test_styles_take_turns():
    cases = Sampler(2, 32).cases("edit", "style", 7)
    assert len({case.edit.value for case in cases}) == 6
