"""Cases: seeded, unseen, of the split that their group says, and their text says what they ask."""

import re

import numpy as np
import pytest

from mtu.evaluation.cases import COUNTS, FREE, GROUPS, TWINS, USUAL, Sampler, prompt
from mtu.evaluation.free import free_prompts, scene_of, shuffled
from mtu.evaluation.tasks import counts
from mtu.playground.edits import apply
from mtu.playground.phrases import plural
from mtu.playground.scene import has_heldout_pair, is_usual, sample_scene
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


def test_the_usual_layout_is_asked_for_without_a_word_on_where():
    for case in Sampler(1, 32).cases("t2i", USUAL, 20):
        items = case.scene.items
        assert is_usual(case.scene) and case.ordered and not case.columns and not case.sizes
        assert len(items) == 2 + case.seed % 2 == len({item.thing for item in items})
        places = [case.text.index(item.thing) for item in items]
        assert places == sorted(places)
        words = set(re.findall(r"[a-z-]+", case.text))
        assert not words & {"left", "right", "middle", "center", "centre", "top", "high", "upper",
                            *SIZE_WORDS["small"], *SIZE_WORDS["medium"], *SIZE_WORDS["large"]}


def test_counts_are_of_one_kind_and_half_of_them_in_a_colour():
    cases = list(Sampler(1, 32).cases("t2i", COUNTS, 40))
    for case in cases:
        first, *others = case.scene.items
        assert is_usual(case.scene) and not case.ordered
        assert all((item.thing, item.color) == (first.thing, first.color) for item in others)
        number = {2: "two", 3: "three"}[len(case.scene.items)]
        color = f"{first.color} " if first.color else ""
        assert case.text.startswith(f"{number} {color}{plural(first.thing)} ")
    assert {len(case.scene.items) for case in cases} == {2, 3}
    assert 10 < sum(case.scene.items[0].color is not None for case in cases) < 32


def test_a_mask_is_painted_only_where_a_mask_is_the_question():
    for kind in GROUPS["inpaint"]:
        for case in Sampler(2, 64).cases("inpaint", kind, 4):
            assert case.hole.any()
            assert (case.mask is not None) == (kind in ("remove_mask", "fill_mask"))
            if case.mask is not None:
                assert (case.mask & case.hole).sum() > 0.6 * case.hole.sum()


def test_free_prompts_ask_for_what_the_world_has_and_no_held_out_pair():
    assert len(free_prompts()) >= 180
    assert len({words.text.lower() for words in free_prompts()}) == len(free_prompts())
    for words in free_prompts():
        place = PLACES[words.place]
        assert 1 <= len(words.things) <= 3 and len(set(words.things)) in (1, len(words.things))
        assert set(words.things) <= set(THINGS)
        assert words.time is None or (place.has_time and words.time in TIMES)
        assert words.weather is None or (place.has_weather and words.weather in WEATHERS)
        scene = scene_of(words, np.random.default_rng(0))
        assert is_usual(scene) and not has_heldout_pair(scene)
        for thing in words.things:
            names = [form for name in THINGS[thing].names for form in (name, plural(name))]
            names += ["bike"] if thing == "bicycle" else []
            assert any(name in words.text.lower() for name in names), words
        if len(words.things) > len(set(words.things)):
            said = {2: "two|2|pair|couple|twin", 3: "three|3|trio"}[len(words.things)]
            assert re.search(said, words.text.lower()), words


def test_free_prompts_of_every_thing_added_last_and_of_counts():
    asked = [words.things for words in free_prompts()]
    assert {"tiger", "dragon", "bicycle", "clock", "diamond"} <= {t for ts in asked for t in ts}
    assert sum(len(set(things)) < len(things) for things in asked) >= 10
    assert {"moon", "underwater"} <= {words.place for words in free_prompts()}


def test_free_prompts_come_by_turns_and_all_of_them_at_the_most():
    different = [len(set(words.things)) for words in shuffled(3)]
    assert different[:4] == [1, 2, 3, 1] and len(shuffled(3)[3].things) > 1
    assert [len(words.things) for words in shuffled(3)[60:64]] == [1, 2] * 2
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
