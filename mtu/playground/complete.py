"""A prompt that leaves open where its things stand, completed by the seed.

"a cat on the beach" allows three columns and three sizes. A small denoiser that must settle such a
choice out of the noise, patch by patch, often settles it twice; said in words it is settled once
for all patches. Only what the prompt leaves open is added, in the world's own words.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .phrases import pick, plural, with_article
from .vocabulary import COLORS, COLUMNS, SIZE_WORDS, THINGS

_PLACED = re.compile(
    r"\b(left|right|middle|center|centre|top|bottom|corner|upper|lower|sky|air|above|below|under|"
    r"over|beneath|beside|between|behind|around|near|next|front of an?)\b", re.IGNORECASE)
_SIZES = frozenset(word for words in SIZE_WORDS.values() for word in words)
_SETTINGS = {1: tuple((column,) for column in COLUMNS), 2: (("left", "right"),),
             3: (("left", "middle", "right"),)}
_WHERE = {"left": "on the left", "middle": "in the middle", "right": "on the right"}


class Mention(NamedTuple):
    """A thing in a prompt: where its noun phrase begins, its name begins and ends, its size."""

    begin: int
    name: int
    end: int
    sized: bool


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern, re.Pattern]:
    singles = [name for thing in THINGS.values() for name in thing.names]
    plurals = {plural(name) for name in singles} - set(singles)

    def any_of(words, before: str = "") -> re.Pattern:
        longest = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
        return re.compile(rf"{before}\b({longest})\b", re.IGNORECASE)

    adjectives = "|".join(map(re.escape, sorted((*_SIZES, *COLORS), key=len, reverse=True)))
    return any_of(singles, rf"\b(an?\s+)?((?:(?:{adjectives})\s+)*)"), any_of(plurals)


def mentions(prompt: str) -> list[Mention] | None:
    """The things of a prompt in order; None if it speaks of several of a kind."""
    single, several = _patterns()
    if several.search(prompt):
        return None
    found = []
    for match in single.finditer(prompt):
        words = match[2].lower().split()
        found.append(Mention(match.start(), match.start(2), match.end(3),
                             any(word in _SIZES for word in words)))
    return found


def complete(prompt: str, seed: int) -> str:
    """The prompt with a column for each of its one to three things, and a size for a thing alone.

    As it was if it says already where a thing is, names none or more than three, or several of a
    kind. The same seed completes it in the same way.
    """
    things = mentions(prompt)
    if not things or len(things) > len(_SETTINGS) or _PLACED.search(prompt):
        return prompt
    rng = np.random.default_rng(seed)
    columns = pick(rng, _SETTINGS[len(things)])
    for thing, column in reversed(list(zip(things, columns, strict=True))):
        phrase = prompt[thing.name : thing.end]
        if len(things) == 1 and not thing.sized:
            phrase = f"large {phrase}"
        if thing.name > thing.begin:  # after "a" or "an"
            phrase = with_article(phrase)
        prompt = f"{prompt[: thing.begin]}{phrase} {_WHERE[column]}{prompt[thing.end :]}"
    return prompt
