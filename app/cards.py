"""The small pieces of HTML on the page, made from typed records. Everything is escaped here.

A `<button data-do="…">` is an action: ui.py listens for clicks on them and nothing else.
"""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from app.corrections import Corrections
from app.events import Progress
from app.palette import LOOKS
from app.turns import Picture, Turn


def chip(task: str, confidence: float | None = None) -> str:
    """The route: "Draw · 98%" in the task's colour."""
    sure = "" if confidence is None else f" · {min(confidence, 0.99):.0%}"
    return (f'<span class="ob-chip ob-{task}"><span class="ob-icon"></span>'
            f"{LOOKS[task].name}{sure}</span>")


def route(turn: Turn, index: int) -> str:
    """The chip of one step of a turn; the router's own guess shows how sure it was."""
    task = turn.plan[index].task
    note = ""
    if len(turn.plan) > 1:
        note = f'<span class="ob-note">{index + 1} of {len(turn.plan)}</span>'
    sure = turn.confidence if not turn.chosen and index == 0 else None
    return f'<div class="ob-route">{chip(task, sure)}{note}</div>'


MARKS = {"done": "✓", "running": "▸", "failed": "×", "stopped": "■"}
STATES = {"done": "done", "running": "running now", "failed": "did not work",
          "stopped": "stopped", "waiting": "to come", "left": "left out"}


def plan(turn: Turn, index: int, state: str) -> str:
    """The steps of a turn: those before `index` are done, and `state` is what this one is.

    state: "running", "failed", "stopped" or "done"; after a step that failed the rest is left out.
    """
    items = []
    for place, step in enumerate(turn.plan):
        after = "waiting" if state in ("running", "done") else "left"
        now = "done" if place < index else state if place == index else after
        words = escape(step.text or LOOKS[step.task].verb.lower())
        if step.task == "sr" and "scale" in step.slots:
            words += f", ×{step.slots['scale']:g}"
        items.append(
            f'<li class="ob-{now}"><span class="ob-note">{place + 1}</span>'
            f'<span class="ob-mark" role="img" aria-label="{STATES[now]}">'
            f'{MARKS.get(now, "")}</span>'
            f"{chip(step.task)}<span>{words}</span></li>")
    return f'<ol class="ob-plan" aria-label="The plan">{"".join(items)}</ol>'


def progress(event: Progress) -> str:
    """The emerging picture and the line under it: step k of n and the seconds left."""
    return _preview(event) + _bar(event)


def gallery(pictures: Sequence[Picture], count: int, event: Progress | None = None) -> str:
    """Several pictures of one wish, each a tap away from being current. count: when all are there;
    event: how far the next one is."""
    cells = [
        f'<li><button type="button" class="ob-cell" data-do="pick:{picture.number}" '
        f'title="Go on with this one">{picture_tag(picture)}'
        f'<span aria-hidden="true">{picture.number}</span></button></li>'
        for picture in pictures
    ]
    cells += [f"<li>{_preview(event)}</li>"] if event else []
    cells += ['<li class="ob-blank"></li>'] * (count - len(cells))
    line = _bar(event, f"{len(pictures) + 1} of {count} · ") if event else ""
    return f'<ul class="ob-gallery" aria-label="Variations">{"".join(cells)}</ul>{line}'


def _preview(event: Progress) -> str:
    if event.preview is None:
        return ""
    return (f'<img class="ob-preview" src="{data_url(event.preview)}" '
            f'alt="The picture so far, step {event.step} of {event.of}">')


def _bar(event: Progress, before: str = "") -> str:
    left = "" if event.seconds_left is None else f" · {seconds(event.seconds_left)} left"
    share = 100 * event.step / max(event.of, 1)
    label = f"{before}Step {event.step} of {event.of}{left}"
    return (f'<div class="ob-progress"><span class="ob-bar">'
            f'<span class="ob-fill" style="width: {share:.0f}%"></span></span>'
            f'<span class="ob-note">{label}</span></div>')


def waiting(text: str) -> str:
    """A line while nothing can be shown yet."""
    return f'<div class="ob-wait"><span class="ob-dot"></span>{escape(text)}</div>'


def article(who: str, html: str) -> str:
    """One message. who: "user" or "bot"."""
    name = "You" if who == "user" else "OneBrush"
    return (f'<article class="ob-message ob-{who}" data-testid="{who}" aria-label="{name}">'
            f"{html}</article>")


def note(text: str, small: bool = False) -> str:
    """A quiet sentence: stopped, refused, failed. small: it stands with a picture."""
    return f'<div class="{"ob-note ob-aside" if small else "ob-line"}">{escape(text)}</div>'


def picture_tag(picture: Picture, kind: str = "") -> str:
    """The picture itself, with its alternative text."""
    return (f'<img class="ob-picture {kind}" src="{file_url(picture.path)}" '
            f'width="{picture.width}" height="{picture.height}" '
            f'alt="{escape(picture.alt, quote=True)}">')


def _button(do: str, label: str, hint: str, extra: str = "") -> str:
    return (f'<button type="button" class="ob-button {extra}" data-do="{do}" '
            f'title="{hint}">{label}</button>')


def actions(turn: Turn, can_undo: bool, can_vary: bool = False, remember: str = "") -> str:
    """The one-tap buttons under an answer. remember: what stands below those that correct it."""
    task = turn.plan[0].task
    main = [("retry", "Retry", "Again with a new seed")]
    if can_vary:
        main.append(("vary", "Variations", "Four like this at once, with new seeds"))
    main.append(("upscale", "Upscale ×2", "Make this picture twice as large"))
    if can_undo:
        main.append(("undo", "Undo", "Back to the picture before"))
    html = "".join(_button(do, label, hint) for do, label, hint in main)
    others = [other for other in ("t2i", "edit", "inpaint", "sr") if other != task]
    if turn.base is None:
        others = [other for other in others if other == "t2i"]
    if not turn.scores or not others:  # a button's turn was not read from words
        return f'<div class="ob-actions" role="group" aria-label="This picture">{html}</div>'
    instead = "".join(
        _button(f"as:{other}", LOOKS[other].name, f"Take it as {LOOKS[other].name}, same seed",
                f"ob-task ob-{other}")
        for other in others
    )
    return (f'<div class="ob-actions" role="group" aria-label="This picture">{html}</div>'
            '<div class="ob-actions" role="group" aria-label="Not what you meant?">'
            f'<span class="ob-note">Not what you meant?</span>{instead}</div>{remember}')


def remember(on: bool, kept: Corrections) -> str:
    """The switch that lets corrections be kept and, for the machine's owner, where they are."""
    where = "on this machine" if kept.own else "on the machine that OneBrush runs on"
    html = (f'<button type="button" class="ob-switch" role="switch" data-do="remember" '
            f'aria-checked="{str(on).lower()}"><span class="ob-knob"></span>'
            f"Remember my corrections {where}</button>")
    count = kept.count
    if kept.own and (on or count):
        html += (f'<span class="ob-note">{count} kept in <code>{escape(str(kept.file))}</code>'
                 "</span>")
    if kept.own and count:
        html += ('<button type="button" class="ob-link" data-do="forget" '
                 'title="Delete the file">Delete</button>')
    return f'<div class="ob-actions ob-remember">{html}</div>'


AGAIN = ('<div class="ob-actions" role="group" aria-label="Once more">'
         + _button("retry", "Retry", "Again with a new seed") + "</div>")


def question(readings: Iterable[str]) -> str:
    """Two cards: the likeliest ways to read a message."""
    cards = "".join(
        f'<button type="button" class="ob-reading ob-{task}" data-do="choose:{task}">'
        f'<span class="ob-icon"></span><span><b>{LOOKS[task].name}</b>'
        f"<small>{LOOKS[task].verb}</small></span></button>"
        for task in readings
    )
    return f'<div class="ob-question" role="group" aria-label="Which one?">{cards}</div>'


def words(title: str, prompts: Mapping[str, str]) -> str:
    """A gallery of words, each a click away from its prompt."""
    buttons = "".join(
        f'<button type="button" class="ob-word" data-do="say:{escape(prompt, quote=True)}">'
        f"{escape(word)}</button>"
        for word, prompt in prompts.items()
    )
    return f'<h3 class="ob-words-title">{escape(title)}</h3><div class="ob-words">{buttons}</div>'


def plain(text: str) -> str:
    """A person's words exactly as typed: neither HTML nor markdown nor formulas."""
    kept = (c if c.isalnum() or c == " " or not c.isascii() else f"&#{ord(c)};" for c in text)
    return "".join(kept).replace("&#10;", "<br>")


def file_url(path: Path) -> str:
    """Where the page finds a file."""
    return f"gradio_api/file={quote(str(path))}"


def data_url(image: Image.Image) -> str:
    """A small preview inside the page itself: it is gone a step later."""
    stream = io.BytesIO()
    image.convert("RGB").save(stream, format="JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def seconds(value: float) -> str:
    """A time as a person says it: "3.2 s", "41 s", "2 min"."""
    if value < 10:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 100 else f"{value / 60:.0f} min"
