"""Judges: the right answer is right, the source as it is is not, and each fault is told."""

from dataclasses import replace

import numpy as np
import pytest
from perfect import perfect

from mtu.evaluation.cases import (
    COUNTS,
    FREE,
    GROUPS,
    TWINS,
    USUAL,
    Sampler,
    small_to_side,
    truth_scene,
)
from mtu.evaluation.judges import judge
from mtu.evaluation.metrics import MOST_PSNR
from mtu.playground.edits import EDIT_KINDS, REMOVAL_KINDS, apply
from mtu.playground.scene import make_item

pytestmark = pytest.mark.usefixtures("glyphs")
CHANGES = [("edit", kind) for kind in EDIT_KINDS]
CHANGES += [("inpaint", kind) for kind in (*REMOVAL_KINDS, TWINS)]


def _cases(task, group, count=12):
    return list(Sampler(3, 64).cases(task, group, count))


@pytest.mark.parametrize(("task", "kind"), CHANGES)
def test_the_right_answer_is_right_and_the_untouched_source_is_not(task, kind):
    for case in _cases(task, kind):
        right = judge(case, case.truth, perfect(truth_scene(case)))
        assert right["right"] and right["done"] and right["kept"] is not False
        assert right["PSNR outside"] is None or right["PSNR outside"] > 25
        idle = judge(case, case.source, perfect(case.scene))
        assert not idle["right"] and not idle["done"] and idle["kept"] is not False
        assert idle["PSNR outside"] in (None, MOST_PSNR)


@pytest.mark.parametrize(("task", "kind"), [pair for pair in CHANGES if pair[1] != "style"])
def test_losing_another_thing_is_wrong(task, kind):
    case = next(c for c in _cases(task, kind, 60) if len(c.scene.items) > 1)
    changed = case.edit.index
    other = next(k for k in range(len(case.scene.items)) if k != changed)
    lost = case.scene.items[other].thing
    reading = perfect(truth_scene(case))
    reading = replace(reading, things=tuple(f for f in reading.things if f.thing != lost))
    verdict = judge(case, case.truth, reading)
    assert verdict["kept"] is False and not verdict["right"]


def test_a_ruined_picture_is_no_removal():
    case = _cases("inpaint", "remove_name", 1)[0]
    verdict = judge(case, case.truth, replace(perfect(case.scene), things=(), place=None))
    assert verdict["done"] and not verdict["kept"] and not verdict["right"]


def test_something_else_in_the_hole_is_not_gone():
    case = _cases("inpaint", "remove_name", 1)[0]
    reading = perfect(case.scene)
    cat, gone = "cat", case.scene.items[case.edit.index].thing
    cat = "dog" if gone == cat else cat
    swapped = replace(reading, things=tuple(
        replace(f, thing=cat) if f.thing == gone else f for f in reading.things))
    assert not judge(case, case.source, swapped)["done"]


def test_a_smear_in_the_hole_is_gone_but_not_clean():
    case = _cases("inpaint", "remove_name", 1)[0]
    smeared = case.truth.copy()
    smeared[case.hole] = 255 - smeared[case.hole]
    verdict = judge(case, smeared, perfect(truth_scene(case)))
    assert verdict["right"] and not verdict["clean"]


@pytest.mark.parametrize("group", GROUPS["t2i"])
def test_a_drawn_scene_is_judged_by_everything_its_text_states(group):
    for case in _cases("t2i", group):
        verdict = judge(case, case.truth, perfect(case.scene))
        assert verdict["all"] and all(value is not False for value in verdict.values())
        scene = case.scene
        nothing = judge(case, case.truth, perfect(replace(scene, items=())))
        assert not nothing["things"] and nothing["place"] and not nothing["all"]
        elsewhere = "desert" if scene.place == "beach" else "beach"
        assert not judge(case, case.truth, perfect(replace(scene, place=elsewhere)))["place"]


def test_a_thing_in_the_wrong_column_is_told():
    case = next(c for c in _cases("t2i", "one thing", 40) if c.columns)
    item = case.scene.items[0]
    shifted = case.scene.with_item(0, x=(item.x + 0.45) % 0.9)
    verdict = judge(case, case.truth, perfect(shifted))
    assert verdict["things"] and verdict["column"] is False


def test_a_thing_of_another_size_than_asked_is_told():
    case = next(c for c in _cases("t2i", "one thing", 40) if c.sizes)
    other = make_item(case.scene.items[0].thing, "middle",
                      size="small" if case.scene.items[0].size == "large" else "large")
    right, wrong = (judge(case, case.truth, perfect(scene)) for scene in
                    (case.scene, replace(case.scene, items=(other,))))
    assert right["size"] is True and wrong["size"] is False


def test_counts_are_exact():
    for case in _cases("t2i", COUNTS):
        reading = perfect(case.scene)
        assert judge(case, case.truth, reading)["count"] is True
        for things in (reading.things[1:], (*reading.things, reading.things[0])):
            verdict = judge(case, case.truth, replace(reading, things=things))
            assert verdict["count"] is False and not verdict["all"]
        fewer = judge(case, case.truth, replace(reading, things=reading.things[1:]))
        more = judge(case, case.truth, replace(reading, things=(*reading.things,) * 2))
        assert not fewer["things"] and more["things"] and more["nothing else"]


def test_every_one_of_a_count_has_its_colour():
    case = next(c for c in _cases("t2i", COUNTS, 20) if c.scene.items[0].color)
    other = "green" if case.scene.items[0].color != "green" else "blue"
    for k in range(len(case.scene.items)):
        verdict = judge(case, case.truth, perfect(case.scene.with_item(k, color=other)))
        assert verdict["count"] is True and verdict["color"] is False and not verdict["all"]


def test_things_stand_in_the_order_in_which_they_are_named():
    for case in _cases("t2i", USUAL):
        assert judge(case, case.truth, perfect(case.scene))["order"] is True
        reading = perfect(case.scene)
        xs = [found.x for found in reading.things][::-1]
        swapped = tuple(replace(f, x=x) for f, x in zip(reading.things, xs, strict=True))
        verdict = judge(case, case.truth, replace(reading, things=swapped))
        assert verdict["order"] is False and verdict["things"] and not verdict["all"]
        lost = judge(case, case.truth, replace(reading, things=reading.things[1:]))
        assert lost["order"] is False and not lost["things"]
        assert judge(case, case.truth, reading)["count"] is None


def test_of_one_thing_found_twice_the_larger_counts():
    case = next(c for c in _cases("t2i", "one thing", 40) if c.columns)
    reading = perfect(case.scene)
    (found,) = reading.things
    crumb = replace(found, x=(found.x + 0.45) % 0.9, cells=1.0)
    for things in ((found, crumb), (crumb, found)):
        assert judge(case, case.truth, replace(reading, things=things))["column"] is True


def test_what_a_free_prompt_leaves_open_is_not_judged():
    for case in _cases("t2i", FREE, 30):
        verdict = judge(case, case.truth, perfect(case.scene))
        assert verdict["column"] is verdict["row"] is verdict["size"] is verdict["color"] is None
        assert ("time" in case.unsaid) <= (verdict["time"] is None)
        late = judge(case, case.truth, perfect(replace(case.scene, time="sunset")))
        assert late["all"] is (verdict["time"] is None or case.scene.time == "sunset")


def test_removing_the_other_of_two_alike_is_wrong():
    for case in _cases("inpaint", TWINS):
        last = len(case.scene.items) - 1
        mistaken = replace(case.edit, index=last - case.edit.index)
        verdict = judge(case, case.truth, perfect(apply(mistaken, case.scene)))
        assert not verdict["right"] and not verdict["done"] and not verdict["kept"]


def test_enlarging_is_compared_with_bicubic():
    for case in _cases("sr", "×2", 4) + _cases("sr", "×4", 4):
        perfectly = judge(case, case.truth, None)
        assert perfectly["PSNR"] == MOST_PSNR and perfectly["SSIM"] == pytest.approx(1, abs=1e-4)
        assert perfectly["gain in dB"] > 5
        idle = judge(case, small_to_side(case), None)
        assert perfectly["energy of the truth's"] == 1 and perfectly["energy within 15%"]
        assert idle["energy of the truth's"] == idle["bicubic energy of the truth's"]
        assert idle["gain in dB"] == 0 and idle["SSIM"] == idle["bicubic SSIM"]
        assert np.isfinite(idle["true sharpness"])
        assert perfectly["checks"] == perfectly["true checks"] == idle["true checks"]
        assert idle["checks"] < idle["true checks"]
