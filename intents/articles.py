"""Articles of the languages whose training texts are written as templates, and English plurals.

A noun stands in its list with its gender ("gato.m"); {un:noun} puts the indefinite article before
it, {el:noun} the definite one. German has {acc_un:…}, {acc_el:…}, {dat_un:…}, {dat_el:…} as well.
"""

from __future__ import annotations

_SIMPLE = {
    "es": {"un": ("un", "una"), "el": ("el", "la")},
    "fr": {"un": ("un", "une"), "el": ("le", "la")},
    "it": {"un": ("un", "una"), "el": ("il", "la")},
    "pt": {"un": ("um", "uma"), "el": ("o", "a")},
}
_GERMAN = {
    "un": {"m": "ein", "f": "eine", "n": "ein"},
    "el": {"m": "der", "f": "die", "n": "das"},
    "acc_un": {"m": "einen", "f": "eine", "n": "ein"},
    "acc_el": {"m": "den", "f": "die", "n": "das"},
    "dat_un": {"m": "einem", "f": "einer", "n": "einem"},
    "dat_el": {"m": "dem", "f": "der", "n": "dem"},
}
_VOWELS = "aeiouhéèêàâîôûy"


def article(code: str, kind: str, gender: str, noun: str) -> str:
    """The article of one noun, with the space or apostrophe after it.

    Raises KeyError for an unknown kind. A noun without a gender ("") is taken as masculine.
    """
    if code == "de":
        return _GERMAN[kind][gender or "m"] + " "
    word = _SIMPLE[code][kind][gender == "f"]
    first = noun[:1].lower()
    if code == "fr" and kind == "el" and first in _VOWELS:
        return "l'"
    if code == "it" and first in _VOWELS:
        return "l'" if kind == "el" else "un'" if gender == "f" else "un "
    if code == "it" and gender != "f" and _impure(noun):
        return "lo " if kind == "el" else "uno "
    return word + " "


def _impure(noun: str) -> bool:
    """Whether an Italian noun begins with s and a consonant, z, gn or ps: "lo specchio"."""
    start = noun[:2].lower()
    return (
        start[:1] == "z" or start in ("gn", "ps") or (start[:1] == "s" and start[1:] not in "aeiou")
    )


def all_articles(code: str) -> frozenset[str]:
    """Every article of a language, letters only, for reading a template backwards."""
    if code == "en":
        return frozenset({"a", "an"})
    if code == "de":
        return frozenset(word for forms in _GERMAN.values() for word in forms.values())
    extra = {"fr": {"l"}, "it": {"l", "un", "lo", "uno"}}.get(code, set())
    return frozenset(extra | {w for forms in _SIMPLE[code].values() for w in forms})


def with_article(text: str) -> str:
    """Put "a" or "an" before a noun phrase."""
    return ("an " if text[:1].lower() in "aeiou" else "a ") + text


def plural(text: str) -> str:
    """The English plural of a noun phrase, by its last word's ending."""
    irregular = {
        "man": "men",
        "woman": "women",
        "child": "children",
        "mouse": "mice",
        "goose": "geese",
        "sheep": "sheep",
        "fish": "fish",
        "deer": "deer",
        "person": "people",
        "knife": "knives",
        "leaf": "leaves",
        "wolf": "wolves",
    }
    head, _, last = text.rpartition(" ")
    if last in irregular:
        last = irregular[last]
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "" if last.endswith("s") else "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()
