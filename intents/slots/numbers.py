"""Numbers in words, of six languages."""

from __future__ import annotations

import re

_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve",
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze",
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici",
    "zero um dois três quatro cinco seis sete oito nove dez onze doze",
)
NUMBERS: dict[str, int] = {"duas": 2, "tres": 3, "funf": 5, "fuenf": 5, "zwoelf": 12, "deux": 2}
for _line in _WORDS:
    for _i, _word in enumerate(_line.split()):
        NUMBERS.setdefault(_word, _i)
# "once" is a word of English, "sei" and "um" of others; a number worth saying is at least two.
_SAID = sorted(
    (w for w, n in NUMBERS.items() if n > 1 and w not in ("once", "sei", "elf")),
    key=len,
    reverse=True,
)
NUM = r"(\d+(?:[.,]\d+)?|" + "|".join(_SAID) + "|one)"

VAGUE = {
    "a couple of": 2,
    "a couple": 2,
    "a few": 3,
    "some": 3,
    "several": 4,
    "a handful of": 5,
    "unas cuantas": 3,
    "algunas": 3,
    "varias": 4,
    "quelques": 3,
    "plusieurs": 4,
    "einige": 3,
    "ein paar": 3,
    "mehrere": 4,
    "alcune": 3,
    "diverse": 4,
    "algumas": 3,
    "várias": 4,
}


def number(word: str) -> float:
    """The value of "4", "1.5", "1,5", "four" or "cuatro"; whole numbers come back as int."""
    known = NUMBERS.get(word.lower())
    value = float(word.replace(",", ".")) if known is None else float(known)
    return int(value) if value == int(value) else value


def alternatives(words) -> str:
    """A regular expression for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
