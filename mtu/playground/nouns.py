"""The names of things, and where a text has them."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from .phrases import plural
from .vocabulary import COLORS, SIZE_WORDS, THINGS

SIZES_SAID = tuple(word for words in SIZE_WORDS.values() for word in words)
_NUMBERED = tuple(THINGS)


def any_of(words: Iterable[str]) -> str:
    """A regular expression of these words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))


LOOKS = any_of((*COLORS, *SIZES_SAID))


@cache
def nouns() -> dict[str, tuple[str, bool]]:
    """Every name of a thing and its plural -> the thing, and whether that means several."""
    meant: dict[str, tuple[str, bool]] = {}
    for thing in THINGS.values():
        for name in thing.names:
            meant.setdefault(plural(name), (thing.name, plural(name) != name))
            if plural(name) != name:
                meant[name] = (thing.name, False)
    return meant


def looks_before(names: str) -> str:
    """A regular expression of the colours and sizes that stand before one of `names`, each with
    the space after it; "orange" before a carrot is a colour, alone it is a thing."""
    return rf"(?:(?!(?:{names})\b)(?:{LOOKS}),? )*"


@cache
def _pattern(thing: str) -> re.Pattern:
    """The names of a thing and their plurals."""
    names = {form for name in THINGS[thing].names for form in (name, plural(name))}
    return re.compile(rf"\b(?:{any_of(names)})\b", re.IGNORECASE)


def nouns_in(text: str, numbers: Iterable[int]) -> Iterator[tuple[int, int, int]]:
    """(number, start, end) of each of the THINGS numbered so that the text names once: where its
    name stands in `text`, in characters. A thing named twice or not at all is passed over."""
    for number in numbers:
        found = list(_pattern(_NUMBERED[number]).finditer(text))
        if len(found) == 1:
            yield int(number), *found[0].span()
