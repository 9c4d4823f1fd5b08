"""The page: layout, and which event of the page calls what. Nothing is decided here."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import gradio as gr
from PIL import Image

from app import cards, panel, views, welcome
from app.api import make_generate
from app.backend import Backend
from app.chat import Chat
from app.corrections import Corrections
from app.events import Asked, Drawn, Event, Failed, Received, Routed
from app.refusals import in_words
from app.scripts import CLICKS, FOLLOW, LIVE, NAMES, STRIP, TOKEN
from app.session import Session
from app.settings import Settings
from app.turns import Message, Picture
from app.windows import Window, Windows

BRUSH = "#e11d4899"  # what is painted must be seen through


class Page:
    """The components, by name, and the handlers that fill them."""

    def __init__(self, chat: Chat, windows: Windows, backend: "Future[Backend]",
                 settings: Settings, corrections: Corrections | None = None) -> None:
        self.chat = chat
        self.windows = windows
        self.backend = backend
        self.settings = settings
        self.corrections = corrections  # None where they are not to be kept at all

    def build(self) -> gr.Blocks:
        """Lay everything out and wire it."""
        with gr.Blocks(title="OneBrush", fill_width=True, analytics_enabled=False) as blocks:
            self.top = gr.HTML(self._top("warming up", "ob-warm"), js_on_load=CLICKS,
                               elem_id="ob-top")
            with gr.Row(elem_id="ob-studio"):
                with gr.Column(scale=6, elem_id="ob-chat"):
                    self._build_chat()
                with gr.Column(scale=5, elem_id="ob-canvas"):
                    self._build_canvas()
            self._wire(blocks)
            generate = make_generate(self.backend, self.settings.max_megapixels, self.settings.fast)
            gr.api(in_words(generate, lambda text: gr.Error(text, print_exception=False)),
                   api_name="generate")
        return blocks

    # -- layout -----------------------------------------------------------------------------

    def _top(self, state: str, kind: str) -> str:
        return panel.top(self.settings.model_name, state, kind)

    def _build_chat(self) -> None:
        self.token = gr.Textbox(visible=False)
        self.welcome = gr.HTML(welcome.page(), js_on_load=CLICKS, elem_id="ob-welcome")
        with gr.Column(elem_id="ob-thread", visible=False) as self.thread:
            self.log = gr.HTML("", elem_id="ob-log", js_on_load=CLICKS)
            self.now = gr.HTML("", elem_id="ob-now", js_on_load=CLICKS + LIVE + FOLLOW)
            self.actions = gr.HTML("", js_on_load=CLICKS + FOLLOW, elem_id="ob-actions")
        with gr.Accordion("Words it knows", open=True, visible=False, elem_id="ob-known") as known:
            self.words = gr.HTML("", js_on_load=CLICKS)
        self.known = known
        self.box = gr.MultimodalTextbox(
            placeholder="Draw a fox in the snow, or say what to change", show_label=False,
            label="Message", file_count="multiple", sources=["upload"], lines=1, max_lines=6,
            submit_btn=True, stop_btn=False, autofocus=True, elem_id="ob-box",
            max_plain_text_length=20_000,
        )

    def _build_canvas(self) -> None:
        # while this stands, style.css hides the tabs: the painter must be there before its picture
        self.blank = gr.HTML('<div class="ob-nothing">Your picture will stand here.</div>',
                             js_on_load=None)
        with gr.Tabs(elem_id="ob-tabs", overflow_behavior="wrap"):  # "menu" waits for a frame
            with gr.Tab("Canvas", id="canvas"):
                self.editor = gr.ImageEditor(
                    type="pil", image_mode="RGBA", label="Paint over what should change",
                    show_label=False, sources=(), transforms=(), layers=False, buttons=[],
                    brush=gr.Brush(default_size=28, colors=[BRUSH], color_mode="fixed"),
                    eraser=gr.Eraser(default_size=28), elem_id="ob-editor", format="png",
                    height=440,
                )
                gr.HTML('<p class="ob-note ob-hint">Paint over a part to change only that.</p>',
                        js_on_load=None)
            with gr.Tab("Before and after", id="compare", visible=False) as self.compare:
                self.slider = gr.ImageSlider(
                    type="filepath", format="png", label="Before and after", show_label=False,
                    interactive=False, buttons=["fullscreen"], elem_id="ob-slider", max_height=440,
                )
        self.facts = gr.HTML("", elem_id="ob-facts", js_on_load=CLICKS + NAMES)
        self.strip = gr.HTML("", elem_id="ob-strip", js_on_load=CLICKS + STRIP)
        with gr.Accordion("Details", open=False, elem_id="ob-more", visible=False) as self.more:
            self.details = gr.HTML("", js_on_load=None)

    # -- wiring -----------------------------------------------------------------------------

    def _wire(self, blocks: gr.Blocks) -> None:
        shown = [self.welcome, self.thread, self.log, self.now, self.actions, self.box,
                 self.blank, self.editor, self.compare, self.slider,
                 self.facts, self.strip, self.more, self.details, self.known]
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        # two taps in a row are two taps; what must not overlap, the session refuses
        many = {**quiet, "concurrency_limit": None, "trigger_mode": "multiple"}
        blocks.load(self.arrive, [self.token], [self.top, self.words, *shown], js=TOKEN, **many)
        blocks.unload(self.leave)
        self.box.submit(self.send, [self.box, self.editor], shown, **many)
        self.box.stop(self.stop, None, None, queue=False, **quiet)
        for html in (self.welcome, self.log, self.now, self.actions, self.words, self.strip,
                     self.facts):
            html.click(self.act, None, shown, **many)

    # -- handlers ---------------------------------------------------------------------------

    def arrive(self, token: str | None, request: gr.Request) -> Iterator[dict]:
        """A page came up: show the conversation that stood there, and what the model knows."""
        window = self.windows.join(request.session_hash or "", token or "")
        if not self.backend.done():
            yield {self.top: self._top("warming up", "ob-warm")}
        self.backend.exception()  # waits; main ends the program if there is one
        known, words = None, ""
        if self.settings.embedded:
            things, places = welcome.vocabulary()
            known, words = (len(things), len(places)), welcome.words(things, places)
        ready = {self.top: self._top("ready", "ob-ready"), self.words: words}
        if window.thread.empty:
            yield ready | {self.welcome: welcome.page(known=known)}
            return
        yield ready | self._begun(window) | {
            self.now: window.thread.now, self.actions: window.actions} | self._canvas(window)

    def leave(self, request: gr.Request) -> None:
        """A page was closed."""
        self.windows.leave(request.session_hash or "")

    def stop(self, request: gr.Request) -> None:
        """Stop what this window is waiting for."""
        self.windows.get(request.session_hash or "").session.stop()

    def send(self, value: dict | None, canvas: dict | None,
             request: gr.Request) -> Iterator[dict]:
        """The box was sent."""
        window = self.windows.get(request.session_hash or "")
        value = value or {}
        message = Message(value.get("text") or "", tuple(map(Path, value.get("files") or ())),
                          _painted(canvas))
        yield from self._say(window, message)

    def act(self, data: gr.EventData, request: gr.Request) -> Iterator[dict]:
        """One of our own buttons was pressed."""
        window = self.windows.get(request.session_hash or "")
        what, _, value = str(data.act).partition(":")
        chat, session = self.chat, window.session
        if what == "example" and value.isdecimal() and int(value) < len(welcome.CARDS):
            yield from self._say(window, welcome.message(int(value)))
        elif what == "say":
            yield {self.box: {"text": value, "files": []}}
        elif what == "words":
            yield {self.known: gr.Accordion(visible=True, open=True)}
        elif what == "undo":
            session.undo()
            yield self._canvas(window) | self._offer(window, self._buttons(window))
        elif what == "pick" and value.isdecimal():
            with contextlib.suppress(KeyError):  # a button of a conversation that has ended
                session.make_current(int(value))
            yield self._canvas(window) | self._offer(window, self._buttons(window))
        elif what == "remember":
            session.remember = not session.remember
            yield self._offer(window, self._buttons(window))
        elif what == "fast":
            session.fast = not session.fast
            yield {self.facts: self._facts(session.current, session)}
        elif what == "forget" and self.corrections and self.corrections.own:
            try:
                self.corrections.delete()
            except OSError as error:
                gr.Warning(f"The file could not be deleted: {error.strerror or error}.")
            yield self._offer(window, self._buttons(window))
        elif what == "retry":
            yield from self._run(window, chat.retry(session), "Retry")
        elif what == "vary":
            yield from self._run(window, chat.variations(session), "Variations")
        elif what == "upscale":
            yield from self._run(window, chat.upscale(session), "Upscale ×2")
        elif what == "as" and value in cards.LOOKS:
            yield from self._run(window, chat.take_as(value, session),
                                 f"{cards.LOOKS[value].name} instead")
        elif what == "choose" and value in cards.LOOKS:
            yield from self._run(window, chat.choose(value, session), cards.LOOKS[value].name)

    # -- one turn on the page ---------------------------------------------------------------

    def _say(self, window: Window, message: Message) -> Iterator[dict]:
        events = self.chat.turn(message, window.session)
        yield from self._run(window, events, message.text, message.mask is not None, keep=True)

    def _run(self, window: Window, events: Iterator[Event], text: str, painted: bool = False,
             keep: bool = False) -> Iterator[dict]:
        """Show a turn as it goes; the send button is Stop meanwhile. keep: text was typed."""
        if window.session.busy:
            gr.Info("One thing at a time: the last picture is still being made.")
            yield {self.known: gr.skip()}
            return
        thread = window.thread
        thread.say(text, painted)
        window.runs += 1
        beside, mine = self._begun(window), window.runs
        yield {
            **beside, self.now: "", **self._offer(window, ""),
            self.box: gr.MultimodalTextbox(value=None, submit_btn=False, stop_btn=True),
        }
        del beside[self.log]
        box, log, late = {}, thread.log, {}
        for event in events:
            if window.runs != mine:  # the page was left, or loaded anew
                return
            thread.apply(event)
            update: dict = {self.now: thread.now, **late}
            late = {}
            if thread.log != log:
                log = update[self.log] = thread.log
            match event:
                case Drawn():
                    window.actions = self._buttons(window)
                case Routed() if not event.index:
                    window.actions = cards.AGAIN
                case Asked():
                    window.actions = cards.question(event.readings)
                case Failed() if event.keep and keep:
                    box = {"value": {"text": text, "files": []}}
            if isinstance(event, Drawn | Received):
                late = self._canvas(window)
                beside |= late
            yield update
        # A busy browser may not have shown an update when the next one comes, and gradio's page
        # then writes the next one into it, so that it is lost. Only the last one is sent whole.
        yield {
            self.actions: window.actions,
            self.box: gr.MultimodalTextbox(submit_btn=True, stop_btn=False, **box),
            **beside,
        }

    def _begun(self, window: Window) -> dict:
        """A conversation in the place of the empty page, as far as it is settled."""
        return {self.welcome: gr.HTML(visible=False), self.thread: gr.Column(visible=True),
                self.known: gr.Accordion(visible=False), self.log: window.thread.log}

    def _offer(self, window: Window, buttons: str) -> dict:
        """These buttons under the answer, also for the page that may come after this one."""
        window.actions = buttons
        return {self.actions: buttons}

    def _buttons(self, window: Window) -> str:
        session = window.session
        if not session.turns:
            return ""
        recipe = session.current.recipe if session.current else None
        can_vary = recipe is not None and recipe.task != "sr"
        remember = cards.remember(session.remember, self.corrections) if self.corrections else ""
        return cards.actions(session.turns[-1], session.can_undo, can_vary, remember)

    def _facts(self, picture: Picture | None, session: Session) -> str:
        if picture is None:
            return ""
        has = bool(self.backend.result().able.fast)  # there is none before the model is there
        return panel.facts(picture, session.fast if has else None)

    def _canvas(self, window: Window) -> dict:
        """Everything beside the chat that follows the current picture."""
        session = window.session
        picture = session.current
        thumbs = [(each, cards.file_url(views.view(each, views.STRIP)))
                  for each in session.pictures]
        pair = views.before_and_after(picture, session) if picture else None
        path = str(views.view(picture, views.CANVAS)) if picture else None
        return {
            self.blank: gr.HTML(visible=picture is None),
            self.editor: {"background": path, "layers": [], "composite": path} if path else None,
            self.compare: gr.Tab(visible=pair is not None),
            self.slider: tuple(map(str, pair)) if pair else None,
            self.facts: self._facts(picture, session),
            self.strip: panel.strip(thumbs, picture.number if picture else None),
            self.more: gr.Accordion(visible=picture is not None),
            self.details: panel.details(picture),
        }


def _painted(canvas: dict | None) -> Image.Image | None:
    """What was painted on the canvas, "L", white where there is paint; None if nothing was."""
    layers = (canvas or {}).get("layers") or []
    for layer in layers:
        alpha = layer.getchannel("A").point(lambda value: 255 if value > 16 else 0)
        if alpha.getbbox():
            return alpha
    return None
