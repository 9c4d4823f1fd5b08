"""Where a text names a thing."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from .phrases import plural
from .vocabulary import THINGS

_NAMES = tuple(THINGS)


@cache
def _pattern(thing: str) -> re.Pattern:
    """The names of a thing and their plurals, the longest first."""
    names = {form for name in THINGS[thing].names for form in (name, plural(name))}
    names = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)


def nouns_in(text: str, numbers: Iterable[int]) -> Iterator[tuple[int, int, int]]:
    """(number, start, end) of each of the THINGS numbered so that the text names once: where its
    name stands in `text`, in characters. A thing named twice or not at all is passed over."""
    for number in numbers:
        found = list(_pattern(_NAMES[number]).finditer(text))
        if len(found) == 1:
            yield int(number), *found[0].span()
