"""Wishes said out of order, put in order: "upscale it, but before that remove the stamp"."""

from __future__ import annotations

import re
from collections.abc import Callable

from .verbs import VERBS
from .wording import OPENER

_YOU = r"(?:you |we |i )?(?:(?:'ve|have|'re|are) )?(?:(?:done|finished) )?"
_ORDERS = (  # (pattern with A and B, what is done first, what is done then)
    (
        re.compile(
            r"(?P<A>.+?)[,;.]?\s+(?:but|and) (?:before (?:that|this|you do)|first),?\s+"
            r"(?P<B>.+)",
            re.I | re.S,
        ),
        "BA",
    ),
    (re.compile(rf"before (?!and\b|after\b){_YOU}(?P<A>[^,]+),\s*(?P<B>.+)", re.I | re.S), "BA"),
    (
        re.compile(
            r"(?:after|once|when) (?:you |we |i |you'?ve )?(?:'ve |have |are |'re )?"
            r"(?P<A>\w+(?:ing|ed|en)\b[^,]*),\s*(?P<B>.+)",
            re.I | re.S,
        ),
        "AB",
    ),
    (
        re.compile(
            r"(?:as well as|besides|in addition to|apart from|along with) "
            r"(?P<A>\w+ing\b[^,]*),\s*(?P<B>.+)",
            re.I | re.S,
        ),
        "AB",
    ),
    (re.compile(r"(?P<A>[^,;]+?),? (?:but only )?after (?P<B>\w+ing\b [^,;]+)", re.I | re.S), "BA"),
    (
        re.compile(
            r"(?:once|when|as soon as) (?P<A>(?:the|that|this|my|all)\s[^,]+?) "
            r"(?:is|are|has) (?:all )?(?:gone|removed|erased|deleted|out|away),\s*(?P<B>.+)",
            re.I | re.S,
        ),
        "gone",
    ),
    (
        re.compile(
            r"(?:once|when) (?:you're|you are|that's|that is|it's) (?:done|finished|ready)"
            r"(?: with (?:that|this|it))?,\s*(?P<B>.+)",
            re.I | re.S,
        ),
        "B",
    ),
)


def in_order(text: str, may_be_step: Callable[[str], bool]) -> list[str]:
    """ "make it night, but first remove the dog" → remove the dog; make it night.

    may_be_step: whether a text can be a step of its own; the text stays whole where a half is not.
    """
    for pattern, order in _ORDERS:
        match = pattern.fullmatch(text.strip())
        if not match or _inside_quotes(text, match):
            continue
        if order == "B":
            return [match["B"]]
        if order == "gone":
            return [f"remove {match['A']}", match["B"]]
        named = {name: infinitive(match[name]) for name in "AB"}
        if all(may_be_step(part) for part in named.values()):
            return [named[name] for name in order]
    return [text]


def _inside_quotes(text: str, match: re.Match) -> bool:
    return any(a < match.start(n) < b for n in match.groupdict() for a, b in quoted(text))


def infinitive(text: str) -> str:
    """ "removing the pram", "removed the pram" → remove the pram."""
    text = re.sub(rf"^{OPENER}+", "", text.strip(), flags=re.I)
    match = re.match(r"(\w+?)(ing|ed|en)\b", text, re.I)
    irregular = {
        "taken": "take",
        "drawn": "draw",
        "made": "make",
        "cut": "cut",
        "put": "put",
        "gotten": "get",
        "got": "get",
        "given": "give",
        "hidden": "hide",
    }
    first = text.split()[0].lower() if text.split() else ""
    if first in irregular:
        return irregular[first] + text[len(first) :]
    if not match or first in VERBS:
        return text
    stem = match[1].lower()
    for verb in (stem, stem + "e", stem[:-1]):
        if verb in VERBS:
            return verb + text[match.end() :]
    return text


def quoted(text: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(r"[\"“„«][^\"”“»]*[\"”“»]|(?<!\w)'[^'\n]*'(?!\w)", text)]
