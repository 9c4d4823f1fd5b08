"""The small pieces of HTML on the page, made from typed records. Everything is escaped here.

A `<button data-do="…">` is an action: ui.py listens for clicks on them and nothing else.
"""

import base64
import io
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote

from PIL import Image

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


def progress(event: Progress) -> str:
    """The emerging picture and the line under it: step k of n and the seconds left."""
    left = "" if event.seconds_left is None else f" · {_seconds(event.seconds_left)} left"
    share = 100 * event.step / max(event.of, 1)
    label = f"Step {event.step} of {event.of}{left}"
    picture = ""
    if event.preview is not None:
        picture = (f'<img class="ob-preview" src="{data_url(event.preview)}" '
                   f'alt="The picture so far, step {event.step} of {event.of}">')
    return (f'{picture}<div class="ob-progress"><span class="ob-bar">'
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


def note(text: str) -> str:
    """A quiet sentence: stopped, refused, failed."""
    return f'<div class="ob-line">{escape(text)}</div>'


def picture_tag(picture: Picture, kind: str = "") -> str:
    """The picture itself, with its alternative text."""
    return (f'<img class="ob-picture {kind}" src="{file_url(picture.path)}" '
            f'width="{picture.width}" height="{picture.height}" '
            f'alt="{escape(picture.alt, quote=True)}">')


def _button(do: str, label: str, hint: str, extra: str = "") -> str:
    return (f'<button type="button" class="ob-button {extra}" data-do="{do}" '
            f'title="{hint}">{label}</button>')


def actions(turn: Turn, can_undo: bool) -> str:
    """The one-tap buttons under an answer."""
    task = turn.plan[0].task
    main = [("retry", "Retry", "Again with a new seed"),
            ("upscale", "Upscale ×2", "Make this picture twice as large")]
    if can_undo:
        main.append(("undo", "Undo", "Back to the picture before"))
    html = "".join(_button(do, label, hint) for do, label, hint in main)
    others = [other for other in ("t2i", "edit", "inpaint", "sr") if other != task]
    if turn.base is None:
        others = [other for other in others if other == "t2i"]
    if turn.message.startswith("Upscale ×") or not others:
        return f'<div class="ob-actions" role="group" aria-label="This picture">{html}</div>'
    instead = "".join(
        _button(f"as:{other}", LOOKS[other].name, f"Take it as {LOOKS[other].name}, same seed",
                f"ob-task ob-{other}")
        for other in others
    )
    return (f'<div class="ob-actions" role="group" aria-label="This picture">{html}</div>'
            '<div class="ob-actions" role="group" aria-label="Not what you meant?">'
            f'<span class="ob-note">Not what you meant?</span>{instead}</div>')


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


def facts(picture: Picture) -> str:
    """The line under the canvas: task, size, seed, time, download."""
    parts = [f"{picture.width} × {picture.height}"]
    if picture.recipe is None:
        parts.append("your upload")
    else:
        parts.append(f"seed {picture.recipe.seed}")
    if picture.seconds is not None:
        parts.append(_seconds(picture.seconds))
    task = chip(picture.recipe.task) if picture.recipe else ""
    return (f'<div class="ob-facts" data-alt="{escape(picture.alt, quote=True)}">{task}'
            f'<span class="ob-note">{" · ".join(parts)}</span>'
            f'<a class="ob-download" href="{file_url(picture.path)}" '
            f'download="onebrush-{picture.number}.png">Download</a></div>')


def details(picture: Picture | None) -> str:
    """Prompt as used, task scores, seed, steps, seconds, model."""
    turn = picture.turn if picture else None
    if picture is None or turn is None or picture.recipe is None:
        return '<p class="ob-note">No recipe: this picture was not made here.</p>'
    recipe = picture.recipe
    rows = [
        ("You wrote", turn.message or "(nothing, an area was painted)"),
        ("Prompt as used", recipe.prompt or "(none)"),
        ("Seed", str(recipe.seed)),
        ("Steps", str(turn.steps[-1])),
        ("Time", _seconds(turn.timings[-1])),
        ("Model", turn.model),
    ]
    if recipe.task == "sr":
        rows.insert(2, ("Scale", f"×{recipe.scale}"))
    if recipe.source is not None:
        rows.insert(2, ("Made from", f"picture {recipe.source}"))
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f'<dl class="ob-details">{listed}</dl>{_scores(turn)}'


def strip(pictures: Iterable[tuple[Picture, str]], current: int | None) -> str:
    """Every picture of the conversation as a small button; a tap makes it current.

    pictures: each with the address of its small copy; current: the number of the current one.
    """
    items = "".join(
        f'<li><button type="button" class="ob-thumb ob-{_task(picture)}" '
        f'data-do="pick:{picture.number}" aria-current="{str(picture.number == current).lower()}" '
        f'title="Picture {picture.number}"><img src="{address}" '
        f'alt="Picture {picture.number}: {escape(picture.alt, quote=True)}">'
        f'<span aria-hidden="true">{picture.number}</span></button></li>'
        for picture, address in pictures
    )
    return f'<ol class="ob-strip" aria-label="Pictures of this conversation">{items}</ol>' * bool(
        items)


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


def _task(picture: Picture) -> str:
    return picture.recipe.task if picture.recipe else "chat"


def _scores(turn: Turn) -> str:
    if not turn.scores:
        return ""
    rows = "".join(
        f'<li class="ob-{task}"><span>{LOOKS[task].name}</span><span class="ob-bar">'
        f'<span class="ob-fill" style="width: {100 * score:.0f}%"></span></span>'
        f"<span>{score:.0%}</span></li>"
        for task, score in sorted(turn.scores.items(), key=lambda item: -item[1])
        if task in LOOKS
    )
    return f'<ul class="ob-scores" aria-label="How the message was read">{rows}</ul>'


def _seconds(value: float) -> str:
    if value < 10:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 100 else f"{value / 60:.0f} min"
