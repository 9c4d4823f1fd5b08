"""Closing a tab in the middle of something is no error: gradio's own server, called by hand."""

import asyncio
import json

import gradio as gr
import pytest
from gradio.routes import App

from app.hangups import SERVER

HALF = (b'--end\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + b"half a picture")


@pytest.fixture(scope="module")
def server() -> App:
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.HTML("a page")
    blocks.max_file_size = None  # launch says this
    return App.create_app(blocks.queue(), app_kwargs=dict(SERVER))


def called(server: App, method: str, path: str, kind: str, *received: dict) -> list[dict]:
    """What one request is sent back, if the browser says `received` and then no more."""
    query, sent, said = path.partition("?")[2], [], list(received)
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
             "scheme": "http", "path": path.partition("?")[0], "raw_path": path.encode(),
             "root_path": "", "query_string": query.encode(), "client": ("127.0.0.1", 1),
             "server": ("127.0.0.1", 7860),
             "headers": [(b"host", b"127.0.0.1:7860"), (b"content-type", kind.encode())]}

    async def receive() -> dict:
        if said:
            return said.pop(0)
        return await asyncio.Event().wait()  # still there, and silent

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(server(scope, receive, send))
    return sent


def test_a_tab_is_closed_while_a_picture_is_being_sent(server):
    sent = called(server, "POST", "/gradio_api/upload", "multipart/form-data; boundary=end",
                  {"type": "http.request", "body": HALF, "more_body": True},
                  {"type": "http.disconnect"})
    assert sent == []


def test_a_page_asks_for_a_conversation_that_is_gone(server):
    sent = called(server, "GET", "/gradio_api/queue/data?session_hash=gone", "",
                  {"type": "http.request", "body": b"", "more_body": False})
    said = json.loads(b"".join(each.get("body", b"") for each in sent).removeprefix(b"data: "))
    assert said["session_not_found"] is True
    assert sent[-1]["type"] == "http.response.body" and not sent[-1]["more_body"]


def test_what_is_broken_is_still_heard_of(server):
    async def broken() -> None:
        raise RuntimeError("a mistake of ours")

    server.add_api_route("/broken", broken)
    server.router.routes.insert(0, server.router.routes.pop())  # before gradio's catch-all
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        called(server, "GET", "/broken", "",
               {"type": "http.request", "body": b"", "more_body": False})
