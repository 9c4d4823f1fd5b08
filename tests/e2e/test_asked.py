"""Plans, variations, other languages, unknown words and corrections, as a person meets them."""

import json
import re

import pytest
from playwright.sync_api import expect
from program import Server
from window import PATIENCE

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "corrections.jsonl"


@pytest.fixture(scope="module")
def server(kept):
    server = Server("--seed", "1", "--corrections", str(kept))
    yield server
    server.close()


def test_a_plan_is_shown_run_and_undone_step_by_step(window):
    page = window.page
    window.type("draw a cat and a balloon on the beach, then make it night and upscale it 2x")
    plan = page.locator("#ob-log .ob-plan li")
    expect(plan).to_have_count(3, timeout=PATIENCE)
    assert [chip.strip() for chip in plan.locator(".ob-chip").all_inner_texts()] == [
        "Draw", "Edit", "Enlarge"]
    expect(page.locator("#ob-log .ob-plan .ob-running")).to_have_count(1)
    window.wait()
    assert plan.locator("[aria-label=done]").count() == 3
    assert (window.pictures, window.current) == (3, 3)
    assert window.download().size == (512, 512)
    for number in (2, 1):
        page.locator("#ob-actions").get_by_role("button", name="Undo").click()
        expect(page.locator("#ob-strip .ob-thumb[aria-current=true]")).to_have_text(str(number))
    assert window.pictures == 3


def test_variations_by_words_and_by_a_button(window):
    page = window.page
    window.ask("two variations of a fox in the snow, seed 70")
    cells = page.locator("#ob-now .ob-cell")
    expect(cells).to_have_count(2)
    assert (window.pictures, window.current) == (2, 1)
    assert "seed 70" in page.locator("#ob-facts").inner_text()
    cells.nth(1).click()
    expect(page.locator("#ob-strip .ob-thumb[aria-current=true]")).to_have_text("2")
    expect(page.locator("#ob-facts")).to_contain_text("seed 71")
    window.press("Variations")
    assert (window.pictures, window.current) == (6, 3)
    assert page.locator("#ob-now .ob-cell").count() == 4


def test_other_languages_and_unknown_words(window):
    window.ask("desenha um gato na praia")
    assert re.search(r"Read as: (a )?cat on the beach", window.answer)
    assert window.pictures == 1
    window.ask("een rode kat op het strand")
    assert window.answer.endswith("?") and window.pictures == 1
    window.ask("a zeppelin over the beach, 16:9")
    assert "I don't know 'zeppelin' yet; I know" in window.answer
    assert "256 × 256 only" in window.answer and window.pictures == 2


def test_corrections_only_where_they_are_let_be_kept(window, kept):
    page = window.page
    window.ask("a cat on the beach")
    window.ask("make it night")
    switch = page.get_by_role("switch", name="Remember my corrections")
    expect(switch).not_to_be_checked()
    window.press("Draw")
    assert not kept.exists()
    switch.click()
    expect(switch).to_be_checked()
    expect(page.locator(".ob-remember")).to_contain_text(str(kept))
    window.press("Edit")
    (line,) = kept.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["text"] == "make it night" and json.loads(line)["intent"] == "edit"
    expect(page.locator(".ob-remember")).to_contain_text("1 kept")
    page.locator("#ob-actions").get_by_role("button", name="Delete").click()
    expect(page.locator(".ob-remember")).to_contain_text("0 kept")
    assert not kept.exists()


def test_what_was_painted_is_sent_at_once(window):
    window.ask("a cat on the beach")
    expect(window.page.locator("#ob-editor")).not_to_contain_text("select the draw tool")
    window.box.fill("remove this")
    area = window.page.locator("#ob-editor canvas").first.bounding_box()
    middle = (area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    window.page.mouse.move(*middle)
    window.page.mouse.down()
    for step in range(6):
        window.page.mouse.move(middle[0] + 8 * step, middle[1] + 4 * step)
    window.page.mouse.up()
    before = window.said()
    window.page.locator("#ob-box .submit-button").click()  # with no pause for the hand to rest
    expect(window.messages).not_to_have_count(before, timeout=PATIENCE)
    window.wait()
    assert "painted area" in window.page.locator("#ob-log").inner_text()
