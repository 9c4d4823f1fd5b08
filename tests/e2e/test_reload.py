"""A page loaded anew has its conversation again, and only that page has."""

import pytest
from playwright.sync_api import expect
from window import PATIENCE, Window

pytestmark = pytest.mark.e2e


def reload(window: Window) -> None:
    window.page.reload()
    expect(window.page.locator(".ob-ready")).to_be_visible(timeout=PATIENCE)


def test_the_conversation_goes_on_after_a_reload(window):
    window.ask("a cat on the beach")
    window.ask("make it night")
    thread = window.page.locator("#ob-thread").inner_text()
    address = window.page.locator(".ob-download").get_attribute("href")
    reload(window)
    expect(window.page.locator("#ob-strip .ob-thumb")).to_have_count(2)
    expect(window.messages).to_have_count(4)
    assert window.page.locator("#ob-thread").inner_text() == thread
    assert not window.page.locator("#ob-welcome").is_visible()
    assert window.page.locator(".ob-download").get_attribute("href") == address
    expect(window.page.locator("#ob-editor canvas").first).to_be_visible()
    expect(window.page.locator("#ob-actions")).to_be_in_viewport()  # it is shown from its end

    window.page.locator("#ob-actions").get_by_role("button", name="Undo").click()
    expect(window.page.locator("#ob-strip .ob-thumb[aria-current=true]")).to_have_text("1")
    window.ask("make it twice as large")
    assert (window.route, window.pictures) == ("Enlarge", 3)


def test_what_was_being_made_is_stopped_and_can_be_made_again(window):
    window.type("four variations of a house and a tree in the forest")  # long enough to be left
    expect(window.page.locator("#ob-now .ob-progress")).to_contain_text("Step", timeout=PATIENCE)
    reload(window)
    expect(window.page.locator("#ob-now")).to_contain_text("Stopped when the page was left.")
    expect(window.page.locator("#ob-box .submit-button")).to_be_visible()
    made = window.pictures
    assert made < 4
    window.press("Retry")
    assert (window.route, window.pictures) == ("Draw", made + 4)


def test_a_duplicated_tab_begins_its_own(window):
    window.ask("a fox in the snow")
    with window.context.expect_page() as opened:  # it gets a copy of the other's storage
        window.page.evaluate("window.open(location.href)")
    twin = opened.value
    expect(twin.locator(".ob-ready")).to_be_visible(timeout=PATIENCE)
    expect(twin.locator("#ob-welcome")).to_be_visible()
    assert twin.locator("#ob-strip .ob-thumb").count() == 0
    twin.reload()
    expect(twin.locator(".ob-ready")).to_be_visible(timeout=PATIENCE)
    assert twin.locator("#ob-strip .ob-thumb").count() == 0
    window.ask("make it night")
    assert window.pictures == 2
