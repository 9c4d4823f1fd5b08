"""Stopping, refusing, keeping windows apart, small screens, the keyboard, and programs."""

import base64
import http.client
import io
import socket
import time
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from window import PATIENCE, Window

pytestmark = pytest.mark.e2e


def test_stop_stops(window):
    window.type("a cat and a balloon on the beach")
    expect(window.page.locator("#ob-now .ob-progress")).to_be_visible(timeout=PATIENCE)
    window.page.locator("#ob-box .stop-button").click()
    window.wait()
    assert "Stopped after step" in window.answer
    assert window.pictures == 0
    window.ask("a cat on the beach")  # and the conversation goes on
    assert window.pictures == 1


def test_small_talk_draws_nothing(window):
    window.ask("hello")
    assert window.pictures == 0 and window.answer.endswith((".", "?"))
    window.ask("make it night")
    assert "no picture" in window.answer


@pytest.mark.parametrize(("name", "content"), [
    ("notes.png", b"this is no picture"),
    ("cut.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"),
])
def test_a_refused_upload_keeps_the_text_and_the_conversation(window, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    window.attach(tmp_path / name)
    window.ask("make it night")
    assert "picture" in window.answer and "Traceback" not in window.answer
    expect(window.box).to_have_value("make it night")
    window.ask("hello")
    assert window.pictures == 0


def test_too_many_megapixels(window, tmp_path):
    Image.new("1", (8000, 6000)).save(tmp_path / "huge.png")
    window.attach(tmp_path / "huge.png")
    window.ask("make it night")
    assert window.answer == ("That file is 48 megapixels; the limit is 40. "
                             "Resize it or raise --max-megapixels.")


def test_an_upload_is_worked_on_at_its_own_size(window, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.linear_gradient("L").resize((300, 200)).convert("CMYK").save(
        tmp_path / "photo.jpg", exif=exif)
    window.attach(tmp_path / "photo.jpg")
    window.ask("make it black and white")
    assert (window.route, window.pictures) == ("Edit", 2)
    assert window.download().size == (200, 300)


def test_an_upload_from_another_world_is_left_alone(window, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((600, 400), Image.Resampling.BICUBIC).save(tmp_path / "odd.png")
    window.attach(tmp_path / "odd.png")
    window.ask("make it night")
    assert "outside the little world" in window.answer
    assert window.pictures == 1


def test_two_windows_do_not_see_each_other(browser, server, window):
    other = Window(browser, server.url)
    window.type("a fox in the snow")
    other.type("a penguin on the beach")
    window.wait()
    expect(other.page.locator("#ob-now .ob-picture")).to_be_visible(timeout=PATIENCE)
    other.wait()
    assert window.pictures == other.pictures == 1
    assert "penguin" not in window.page.content() and "fox" not in other.page.inner_text("#ob-log")
    addresses = [w.page.locator(".ob-download").get_attribute("href") for w in (window, other)]
    folders = {address.rsplit("/", 1)[0] for address in addresses}
    assert len(folders) == 2
    other.close()


def test_the_keyboard_alone(window):
    page = window.page
    page.locator("body").click(position={"x": 5, "y": 5})
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.ob-card')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#ob-now .ob-picture")).to_be_visible(timeout=PATIENCE)
    window.wait()
    page.locator("#ob-actions button").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Variations"


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone(browser, server, dark):
    window = Window(browser, server.url, viewport={"width": 390, "height": 844},
                    color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page = window.page
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background[4:-1].split(","))) < 200) is dark
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    window.ask("a cat on the beach")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollHeight") <= 844
    heights = page.eval_on_selector_all("#ob-actions button",
                                        "all => all.map((one) => one.offsetHeight)")
    assert min(heights) >= 44
    opener = page.get_by_role("button", name="Show or hide the canvas")
    expect(page.locator("#ob-canvas")).not_to_be_visible()
    opener.click()
    expect(page.locator("#ob-strip .ob-thumb")).to_be_visible()
    opener.click()
    expect(page.locator("#ob-canvas")).not_to_be_visible()
    window.close()


def test_the_typed_call(server):
    from gradio_client import Client

    client = Client(server.url, verbose=False)
    answer = client.predict(task="t2i", prompt="a cat", seed=4, steps=2, api_name="/generate")
    image = Image.open(io.BytesIO(base64.b64decode(answer["image"])))
    assert image.size == (256, 256) and answer["seed"] == 4
    with pytest.raises(Exception, match="needs an image"):
        client.predict(task="edit", prompt="night", api_name="/generate")


def test_a_first_sign_of_life_comes_at_once(window):
    window.box.fill("a cat on the beach")
    start = time.monotonic()
    window.box.press("Enter")
    window.page.locator("#ob-log .ob-user").wait_for()
    assert time.monotonic() - start < 5  # 0.3 s on a machine that has nothing else to do
    window.page.locator("#ob-box .stop-button").click()
    window.wait()


def test_a_tab_closed_while_it_sends_a_picture(server):
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port)) as tab:
        tab.sendall(b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Type: multipart/form-data; boundary=end\r\n"
                    b"Content-Length: 100000\r\n\r\n"
                    b"--end\r\nContent-Disposition: form-data; name=\"files\"; "
                    b"filename=\"a.png\"\r\n\r\nhalf a picture")
    # answered after the other was seen to be gone; what that printed, the next test reads
    page = http.client.HTTPConnection(where.hostname, where.port)
    page.request("GET", "/")
    assert page.getresponse().status == 200
    page.close()


def test_nothing_was_printed_but_the_address(server):
    wrong = [line for line in server.lines if "Traceback" in line or "error" in line.lower()]
    assert not wrong, "the program printed:\n" + "\n".join(server.lines)
