"""The four tasks in one conversation, as a person has it."""

import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from window import PATIENCE

pytestmark = pytest.mark.e2e


def changed(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """(H, W) true where a pixel differs at all."""
    return (one != two).any(axis=-1)


def test_draw_edit_erase_and_enlarge(window):
    window.type("a cat and a balloon on the beach")
    expect(window.page.locator("#ob-now .ob-chip")).to_contain_text("Draw", timeout=PATIENCE)
    expect(window.page.locator("#ob-now .ob-progress")).to_contain_text("Step", timeout=PATIENCE)
    assert window.page.locator("#ob-now .ob-preview").count() == 1
    window.wait()
    assert (window.route, window.pictures, window.current) == ("Draw", 1, 1)
    assert "%" in window.page.locator("#ob-thread .ob-chip").first.inner_text()
    drawn = window.pixels()
    assert drawn.shape == (256, 256, 3) and drawn.std() > 10

    window.ask("make it night")
    assert (window.route, window.pictures, window.current) == ("Edit", 2, 2)
    night = window.pixels()
    assert night.shape == drawn.shape and changed(drawn, night).mean() > 0.5
    assert night.mean() < drawn.mean()

    window.ask("remove the balloon")
    assert (window.route, window.current) == ("Erase", 3)
    erased = window.pixels()
    where = changed(night, erased)
    assert 0.002 < where.mean() < 0.5  # a thing went, the rest is the source's own

    window.ask("upscale it")
    assert (window.route, window.current) == ("Enlarge", 4)
    large = window.download()
    assert large.size == (512, 512)
    small = np.asarray(large.convert("RGB").resize((256, 256), Image.Resampling.BOX), dtype=int)
    assert np.abs(small - erased).mean() < 12  # the same picture, larger


def test_a_download_carries_its_recipe(window):
    window.ask("a fox in the snow")
    image = window.download()
    image.load()
    turn = json.loads(image.text["onebrush"])
    assert turn["message"] == "a fox in the snow" and turn["requests"][0]["task"] == "t2i"
    facts = window.page.locator("#ob-facts").inner_text()
    assert f"seed {turn['seed']}" in facts and "256 × 256" in facts
    window.page.get_by_role("button", name="Details").click()
    expect(window.page.locator(".ob-details")).to_contain_text("a fox in the snow")


def test_buttons_under_the_answer(window):
    window.ask("a cat on the beach")
    window.ask("make it night")
    seed = window.page.locator("#ob-facts").inner_text().split("seed ")[1].split()[0]
    window.press("Draw")  # the same words as another task, with the same seed
    assert window.route == "Draw" and window.current == 3
    assert f"seed {seed}" in window.page.locator("#ob-facts").inner_text()
    window.press("Retry")
    assert window.current == 4
    assert f"seed {seed}" not in window.page.locator("#ob-facts").inner_text()
    window.press("Upscale ×2")
    assert window.download().size == (512, 512)
    for number in (4, 3):
        window.page.locator("#ob-actions").get_by_role("button", name="Undo").click()
        current = window.page.locator("#ob-strip .ob-thumb[aria-current=true]")
        expect(current).to_have_text(str(number))
    assert window.pictures == 5  # nothing is lost
    window.page.locator("#ob-strip .ob-thumb").first.click()
    expect(window.page.locator("#ob-strip .ob-thumb[aria-current=true]")).to_have_text("1")
    window.page.get_by_role("tab", name="Canvas").wait_for()


def test_every_picture_has_alternative_text(window):
    window.ask("a cat on the beach")
    window.ask("make it night")
    window.page.get_by_role("tab", name="Before and after").click()
    expect(window.page.locator("#ob-slider img").first).to_be_visible()
    missing = window.page.evaluate(
        "[...document.querySelectorAll('#ob-thread img, #ob-strip img, #ob-slider img')]"
        ".filter((image) => !image.alt).length")
    assert missing == 0
    alt = window.page.locator("#ob-now img").get_attribute("alt")
    assert alt == "a cat on the beach; make it night"


def test_painting_marks_what_may_change(window):
    window.ask("a cat on the beach")
    before = window.pixels()
    expect(window.page.locator("#ob-editor")).not_to_contain_text("select the draw tool")
    canvas = window.page.locator("#ob-editor canvas").first
    area = canvas.bounding_box()
    middle = (area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    window.page.mouse.move(*middle)
    window.page.mouse.down()
    for step in range(6):
        window.page.mouse.move(middle[0] + 8 * step, middle[1] + 4 * step)
    window.page.mouse.up()
    window.page.wait_for_timeout(2000)  # the painter sends what was painted when the hand rests
    window.ask("remove this")
    assert window.route == "Erase"
    assert "painted area" in window.page.locator("#ob-log").inner_text()
    where = changed(before, window.pixels())
    rows, columns = np.nonzero(where)
    assert 0 < where.mean() < 0.3
    assert abs(columns.mean() - 140) < 50 and abs(rows.mean() - 134) < 50


def test_an_example_card_runs_at_a_click(window):
    window.page.locator(".ob-card").nth(1).click()
    expect(window.page.locator("#ob-now .ob-chip")).to_contain_text("Edit", timeout=PATIENCE)
    window.wait()
    assert window.pictures == 2  # the example's own picture, and the answer


def test_words_the_model_knows_fill_the_box(window):
    window.page.get_by_role("button", name="see them").click()
    window.page.get_by_role("button", name="penguin", exact=True).click()
    expect(window.box).to_have_value("a penguin on the beach")
