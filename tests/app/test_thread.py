"""What the page shows of a conversation: every word escaped, every picture named."""

import re
from dataclasses import replace

import pytest
from PIL import Image

from app import cards, palette, panel
from app.events import (
    Drawn,
    Failed,
    Loading,
    Noted,
    Progress,
    Queued,
    Received,
    Routed,
    Said,
    Stopped,
)
from app.thread import Thread
from app.turns import Picture, Recipe, Step, Turn

TURN = Turn("a <b>cat</b>", plan=(Step("t2i", "a cat"), Step("sr")), intent="t2i", confidence=0.98,
            requests=(Recipe("t2i", "a <b>cat</b>", 5, 2, None, False),), images=(1,),
            scores={"t2i": 0.98, "edit": 0.02}, timings=(0.5,), steps=(20,), model="tiny")


@pytest.fixture
def picture(tmp_path) -> Picture:
    path = tmp_path / "a b.png"
    Image.new("RGB", (32, 24)).save(path)
    return Picture(1, path, 32, 24, 'a "<b>cat</b>"', TURN)


def test_a_turn_from_words_to_picture(picture):
    thread = Thread()
    assert thread.empty
    thread.say("a cat")
    assert not thread.empty and "a cat" in thread.log and thread.now == ""
    for event, shown in [
        (Loading(), "Warming up"), (Routed(TURN, 0), "Draw · 98%"), (Queued(2), "2 ahead of you"),
        (Progress(7, 20, Image.new("RGB", (8, 8)), 3.2), "Step 7 of 20 · 3.2 s left"),
    ]:
        thread.apply(event)
        assert shown in thread.now
    assert "Draw · 98%" in thread.now and "data:image/jpeg;base64," in thread.now
    thread.apply(Drawn(picture))
    assert "base64" not in thread.now and "a%20b.png" in thread.now
    assert 'alt="a &quot;&lt;b&gt;cat&lt;/b&gt;&quot;"' in thread.now


def test_the_step_before_stays_when_a_later_one_stops(picture):
    thread = Thread()
    thread.say("a cat, then upscale it")
    thread.apply(Routed(TURN, 0))
    thread.apply(Drawn(picture))
    thread.apply(Routed(TURN, 1))
    assert "a%20b.png" in thread.log and "Enlarge" in thread.now and "2 of 2" in thread.now
    thread.apply(Stopped(3, 20))
    assert "Stopped after step 3 of 20." in thread.now
    thread.say("hello")
    thread.apply(Said("Hello."))
    assert thread.log.count("<article") == 5 and "Stopped" in thread.log


def marks(html: str) -> list[str]:
    """What the plan says of each of its steps."""
    return re.findall(r'aria-label="([^"]*)">[^<]*</span><span class="ob-chip', html)


def test_the_plan_stands_above_its_answers_and_marks_the_running_step(picture):
    thread = Thread()
    thread.say("a cat, then upscale it")
    thread.apply(Routed(TURN, 0))
    assert marks(thread.log) == ["running now", "to come"] and "make it larger" in thread.log
    thread.apply(Drawn(picture))
    assert marks(thread.log) == ["done", "to come"]
    thread.apply(Routed(TURN, 1))
    assert marks(thread.log) == ["done", "running now"]
    assert thread.log.index("ob-plan") < thread.log.index("a%20b.png")
    thread.apply(Drawn(picture))
    thread.say("hello")
    assert marks(thread.log) == ["done", "done"]


@pytest.mark.parametrize(("event", "mark"), [(Stopped(3, 20), "stopped"),
                                             (Failed("No."), "did not work")])
def test_the_plan_says_where_it_ended(event, mark):
    thread = Thread()
    thread.say("a cat, then upscale it")
    thread.apply(Routed(TURN, 0))
    thread.apply(event)
    assert marks(thread.log) == [mark, "left out"]


def test_one_step_is_no_plan(picture):
    thread = Thread()
    thread.say("a cat")
    thread.apply(Routed(replace(TURN, plan=TURN.plan[:1]), 0))
    assert "ob-plan" not in thread.log + thread.now


def test_a_failure_replaces_the_half_picture():
    thread = Thread()
    thread.say("a cat")
    thread.apply(Routed(TURN, 0))
    thread.apply(Progress(1, 20, Image.new("RGB", (8, 8)), None))
    thread.apply(Failed("Out of <memory>."))
    assert "Out of &lt;memory&gt;." in thread.now and "<img" not in thread.now


def test_variations_fill_a_gallery(picture):
    thread = Thread()
    thread.say("two cats")
    thread.apply(Routed(replace(TURN, plan=TURN.plan[:1]), 0, 2))
    thread.apply(Noted("Two <at> once is the most."))
    thread.apply(Drawn(picture))
    thread.apply(Progress(3, 20, Image.new("RGB", (8, 8)), None))
    assert thread.now.count("<li") == 2 and 'data-do="pick:1"' in thread.now
    assert "2 of 2 · Step 3 of 20" in thread.now and "Two &lt;at&gt; once" in thread.now
    thread.apply(Drawn(replace(picture, number=2)))
    assert thread.now.count("data-do=") == 2 and "Step" not in thread.now
    thread.say("hello")
    assert thread.log.count("ob-gallery") == 1 and "Two &lt;at&gt; once" in thread.log


def test_how_it_was_read_stands_before_the_picture(picture):
    thread = Thread()
    thread.say("un chat")
    thread.apply(Noted("Read as: a cat"))
    thread.apply(Routed(replace(TURN, plan=TURN.plan[:1]), 0))
    thread.apply(Drawn(picture))
    assert thread.now.index("Read as: a cat") < thread.now.index("a%20b.png")
    thread.say("hello")
    thread.apply(Said("Hello."))
    assert "Read as" not in thread.now


def test_how_a_plan_was_read_stands_above_it():
    thread = Thread()
    thread.say("un chat, puis agrandis")
    thread.apply(Noted("Read as: a cat; make it larger"))
    thread.apply(Routed(TURN, 0))
    assert thread.log.index("Read as") < thread.log.index("ob-plan")
    assert "Read as" not in thread.now


def test_stopped_variations_show_what_there_is(picture):
    thread = Thread()
    thread.say("two cats")
    thread.apply(Routed(TURN, 0, 2))
    thread.apply(Drawn(picture))
    thread.apply(Stopped(3, 20))
    assert 'data-do="pick:1"' in thread.now and "Stopped after step 3" in thread.now


def test_an_upload_stands_in_the_persons_message(picture):
    thread = Thread()
    thread.say("make it night", painted=True)
    thread.apply(Received((picture,)))
    assert thread.log.count("<article") == 1
    assert thread.log.index("a%20b.png") < thread.log.index("make it night")
    assert "painted area" in thread.log


def test_an_upload_without_words(picture):
    thread = Thread()
    thread.say("")
    assert thread.log == ""
    thread.apply(Received((picture,)))
    assert 'data-testid="user"' in thread.log


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
                                  "**bold** `code` $x$", '"><b>'])
def test_what_a_person_types_is_shown_as_typed(text, picture):
    thread = Thread()
    thread.say(text)
    for sign in "<>*`$\"":
        assert sign not in thread.log.split(">", 1)[1].rsplit("</article>", 1)[0]


def test_lines_are_kept():
    assert cards.plain("a\nb") == "a<br>b"


def test_details_tell_the_recipe(picture):
    html = panel.details(picture)
    for part in ("a &lt;b&gt;cat&lt;/b&gt;", "<dd>5</dd>", "<dd>20</dd>", "tiny", "98%"):
        assert part in html
    assert "No recipe" in panel.details(None)


def test_buttons_fit_the_answer():
    drawn = cards.actions(TURN, can_undo=True)
    assert all(f'data-do="{what}"' in drawn for what in ("retry", "upscale", "undo"))
    assert "as:" not in drawn  # nothing stood there that could have been edited instead
    assert "vary" not in drawn and 'data-do="vary"' in cards.actions(TURN, True, can_vary=True)
    edit = Turn("make it night", base=1, plan=(Step("edit"),), scores={"edit": 0.9})
    html = cards.actions(edit, can_undo=False)
    assert "undo" not in html
    assert "as:" not in cards.actions(replace(edit, scores={}), False)  # it came from a button
    assert [f"as:{task}" in html for task in ("t2i", "edit", "inpaint", "sr")] == [1, 0, 1, 1]


def test_the_filmstrip_marks_the_current_picture(picture):
    html = panel.strip([(picture, "x")], 1)
    assert 'aria-current="true"' in html and 'data-do="pick:1"' in html and "ob-t2i" in html
    assert 'aria-current="false"' in panel.strip([(picture, "x")], None)
    assert panel.strip([], None) == ""


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", palette.LOOKS.values(), ids=palette.LOOKS)
def test_chips_can_be_read_in_light_and_dark(look):
    assert contrast(look.ink, look.tint) >= 4.5
    assert contrast(look.dark_ink, look.dark_tint) >= 4.5
