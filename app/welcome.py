"""The empty page: one sentence, four examples that run at a click, and what the model knows."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from app import cards
from app.settings import EXAMPLES
from app.turns import Message


@dataclass(frozen=True)
class Example:
    """A card: the task it shows, the words it sends, its picture, and what it works on."""

    task: str
    text: str
    picture: str
    source: str | None = None


# The pictures are made by `python -m app.examples`; the last three work on the first one's.
CARDS = (
    Example("t2i", "a cat on the beach", "draw.webp"),
    Example("edit", "make it night", "edit.webp", "draw.webp"),
    Example("inpaint", "remove the cat", "erase.webp", "draw.webp"),
    Example("sr", "make it twice as large", "enlarge.webp", "draw.webp"),
)
LEAD = "Say what you want to see, or drop in a picture and say what to change."


def message(index: int, folder: Path = EXAMPLES) -> Message:
    """What a click on card `index` sends; IndexError if there is no such card."""
    card = CARDS[index]
    source = folder / card.source if card.source else None
    return Message(card.text, (source,) if source and source.is_file() else ())


def page(folder: Path = EXAMPLES, known: tuple[int, int] | None = None) -> str:
    """The empty state. known: how many things and places the model knows, None if unlimited."""
    listed = "".join(_card(index, card, folder) for index, card in enumerate(CARDS))
    limits = ""
    if known:
        limits = (f'<p class="ob-note ob-limits">The small built-in model knows {known[0]} things '
                  f'in {known[1]} places: <button type="button" class="ob-link" '
                  'data-do="words">see them</button></p>')
    return (f'<div class="ob-welcome"><h2>{LEAD}</h2>'
            f'<div class="ob-cards">{listed}</div>{limits}</div>')


def vocabulary() -> tuple[dict[str, str], dict[str, str]]:
    """The things and the places that the built-in model was trained on, each with a prompt."""
    from mtu.playground.phrases import with_article
    from mtu.playground.vocabulary import PLACES, THINGS

    things = {name: f"{with_article(name)} on the beach" for name in THINGS}
    return things, {name: f"a cat {place.phrases[0]}" for name, place in PLACES.items()}


def words(things: dict[str, str], places: dict[str, str]) -> str:
    """The gallery of words: a click puts the prompt into the box."""
    return (cards.words(f"{len(things)} things", things)
            + cards.words(f"{len(places)} places", places))


def _card(index: int, card: Example, folder: Path) -> str:
    path = folder / card.picture
    picture = '<span class="ob-blank"></span>'
    if path.is_file():
        picture = (f'<img src="{cards.file_url(path)}" alt="" '
                   'width="256" height="256">')
    return (f'<button type="button" class="ob-card ob-{card.task}" data-do="example:{index}">'
            f"{picture}<span>{cards.chip(card.task)}"
            f"<q>{escape(card.text)}</q></span></button>")
