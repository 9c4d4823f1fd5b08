"""Reading playground texts back: which things, colours and columns a text names."""

import re
from functools import cache

from mtu.playground.phrases import plural
from mtu.playground.vocabulary import PLACES, THINGS


@cache
def _names() -> list[tuple[re.Pattern, str]]:
    """Patterns of every name and plural, the longest first ("palm tree" before "tree")."""
    pairs = {form: thing.name for thing in THINGS.values() for name in thing.names
             for form in (name, plural(name))}
    return [(re.compile(rf"\b{re.escape(form)}\b"), pairs[form])
            for form in sorted(pairs, key=len, reverse=True)]


def things_in(text: str) -> set[str]:
    """The things that a text names; phrases of places ("among the stars") do not count."""
    text = text.lower()
    for place in PLACES.values():
        for phrase in place.phrases:
            text = text.replace(phrase, " ")
    found = set()
    for pattern, thing in _names():
        text, hits = pattern.subn(" ", text)
        if hits:
            found.add(thing)
    return found


def has_word(text: str, *words: str) -> bool:
    """True if one of the words (regular expressions) stands in the text."""
    return re.search(rf"\b(?:{'|'.join(words)})\b", text.lower()) is not None
