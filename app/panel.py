"""The HTML around the chat: the top, the line under the canvas, the details, the filmstrip."""

from collections.abc import Iterable
from html import escape

from app.cards import chip, file_url, seconds
from app.palette import LOOKS
from app.turns import Picture, Turn


def top(model: str, state: str, kind: str) -> str:
    """The line above everything: the model's name and how it is. kind: the state's class."""
    return ('<header class="ob-top"><h1><span class="ob-logo"></span>OneBrush</h1>'
            f'<span class="ob-tag ob-model">{model}</span>'
            f'<span class="ob-tag {kind}" role="status">{state}</span>'
            '<button type="button" class="ob-round ob-open" data-do="canvas" '
            'aria-label="Show or hide the canvas" aria-expanded="false" '
            'title="Canvas">▣</button>'
            '<button type="button" class="ob-round" data-do="theme" '
            'aria-label="Dark or light" title="Dark or light">◐</button></header>')


def facts(picture: Picture, fast: bool | None = None) -> str:
    """The line under the canvas: task, size, seed, time, the fast switch, download.

    fast: how that switch stands; None where the model has no fast way.
    """
    parts = [f"{picture.width} × {picture.height}"]
    if picture.recipe is None:
        parts.append("your upload")
    else:
        parts.append(f"seed {picture.recipe.seed}")
    if picture.seconds is not None:
        parts.append(seconds(picture.seconds))
    task = chip(picture.recipe.task) if picture.recipe else ""
    switch = "" if fast is None else _switch(fast)
    return (f'<div class="ob-facts" data-alt="{escape(picture.alt, quote=True)}">{task}'
            f'<span class="ob-note">{" · ".join(parts)}</span>{switch}'
            f'<a class="ob-download" href="{file_url(picture.path)}" '
            f'download="onebrush-{picture.number}.png">Download</a></div>')


def _switch(on: bool) -> str:
    return (f'<button type="button" class="ob-switch" role="switch" data-do="fast" '
            f'aria-checked="{str(on).lower()}" title="Fewer steps for the pictures to come">'
            '<span class="ob-knob"></span>Fast</button>')


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
        ("Steps", f"{turn.steps[-1]}{', fast' * recipe.fast}"),
        ("Time", seconds(turn.timings[-1])),
        ("Model", turn.model),
    ]
    if recipe.size is not None:
        rows.insert(2, ("Size asked for", f"{recipe.size[0]} × {recipe.size[1]}"))
    if recipe.task == "sr" and recipe.scale:
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
