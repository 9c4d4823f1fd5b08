"""A message made plain before it is split: its list's items, fillers gone, slips put right."""

from __future__ import annotations

import re

from .verbs import COMMAND, respelled

_NAMES = ("one two three four five", "first second third fourth fifth", "i ii iii iv v")
_MARKS = (
    re.compile(r"(?:(?<=\n)|^)[ \t]*[-*•–·]\s+(?=\S)"),
    re.compile(r"(?:(?<=[\s,;:.])|^)\(?[a-f][.)]\s+(?=\w)"),
    re.compile(r"(?:(?<=[\s,;.])|^)\(?[1-9][.)]\s+(?=\S)"),
    re.compile(r"(?:(?<=[\s,;.])|^)step (?:\d|one|two|three|four|five)\s*[:.,)-]?\s+(?=\w)", re.I),
    re.compile(
        r"(?:(?<=[\s,;.])|^)\(?(?:one|two|three|four|five|first|second|third|fourth|fifth|"
        r"i{1,3}|iv|v)(?:ly)?\s*[:)]\s*(?=\w)",
        re.I,
    ),
)
_THERE = r"while you(?:'re|r| are) (?:at it|there|on it)"
_FILLERS = (  # (pattern, what stands for it)
    (
        re.compile(rf"[,;.]?\s*(?:\b(?:oh,? )?and,? |\boh,? )?\b{_THERE},?\s*(?:also )?", re.I),
        " and ",
    ),
    (
        re.compile(
            r"(?<=[,.;!?\n]\s)(?:oh|actually|btw|by the way|also)[, ]+(?=and\b|also\b)", re.I
        ),
        "",
    ),
    (
        re.compile(
            r"\b(and|then),? (?:if (?:possible|you (?:can|like|want|don't mind))|oh|actually|"
            r"maybe),? ",
            re.I,
        ),
        r"\1 ",
    ),
    (
        re.compile(
            r"(?<=[.;!?]\s)(?:oh|actually|btw|by the way|in addition|on top of that),? ", re.I
        ),
        "",
    ),
    (re.compile(r"[,.;!]?\s*\b(?:and )?that(?:'s|s| is) (?:all|it)\b(?=[\s.!]*$|[.!,])", re.I), ""),
    (re.compile(rf"\s(?:n|an|'n')\s(?={COMMAND.pattern.lstrip()})", re.I), " and "),
)
_PREAMBLE = re.compile(
    r"^[^:\n]{0,60}\b(?:following|want|to ?do|steps?|plan|list|need|tasks?|please|this)\b"
    r"[^:\n]{0,20}:\s*(?=\S)",
    re.I,
)


def plainly(text: str) -> str:
    """Without words that ask for nothing ("while you're at it"), slips of the keys put right."""
    for pattern, new in _FILLERS:
        text = pattern.sub(new, text)
    text = respelled_commands(text)
    bare = _PREAMBLE.sub("", text)
    if bare != text and items(text) == [text] and (COMMAND.match(bare) or items(bare) != [bare]):
        return bare
    return text


def items(text: str) -> list[str]:
    """The items of a list with marks ("- …", "a) …", "1. …", "step 1: …"); else the text."""
    for mark in _MARKS:
        starts = [match.span() for match in mark.finditer(text)]
        head = text[: starts[0][0]].strip() if starts else ""
        if len(starts) > 1 and (not head or head.endswith(":")) and _counts_up(text, starts):
            ends = [start for start, _ in starts[1:]] + [len(text)]
            found = [text[a:b].strip(" ,;\n\t") for (_, a), b in zip(starts, ends, strict=True)]
            return [item for item in found if item]
    return [text]


def _counts_up(text: str, starts: list[tuple[int, int]]) -> bool:
    """Whether numbers or letters of the marks follow each other, as in a list they do."""
    marks = [re.sub(r"\W|step|ly$", "", text[a:b].lower().strip(" :).,")) for a, b in starts]
    for names in _NAMES:
        if all(mark in names.split() for mark in marks):
            marks = [str(names.split().index(mark) + 1) for mark in marks]
    return all(
        not b or ord(b[0]) == ord(a[0]) + 1 for a, b in zip(marks, marks[1:], strict=False) if a
    ) and (not marks[0] or marks[0] in "1a")


def respelled_commands(text: str) -> str:
    """Commands with a slip of the keys put right, where a command may stand."""
    joint = r"(?:^|[,;.!?\n&/|]|\b(?:and|then|also|please|to|now|first|you)\b)"
    text = re.sub(
        r"(?<=\s)(thn|thenn|tehn|thne|adn|nad|annd)(?=\s)",
        lambda m: respelled(m[1]),
        text,
        flags=re.I,
    )
    return re.sub(
        rf"({joint}\s*)([A-Za-z]{{2,12}})(?=\s|$)",
        lambda m: m[1] + _same_case(m[2], respelled(m[2])),
        text,
        flags=re.I,
    )


def _same_case(word: str, new: str) -> str:
    return (
        word
        if new == word.lower() or new == word
        else (new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new)
    )
