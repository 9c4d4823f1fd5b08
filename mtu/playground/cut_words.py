"""What an English instruction asks of one thing: to be moved, resized, recoloured or replaced."""

import re
from dataclasses import dataclass
from functools import cache

from .nouns import any_of, looks_before
from .phrases import ROW_WORDS
from .vocabulary import COLORS, COLUMNS, THINGS

STEP = 1.5  # from one of the world's sizes to the next

_SIDE = r"(?:the )?(?P<{}>left|right|middle|cent(?:er|re))(?:-?hand)?(?: side)?"
_ROWS = "|".join(sorted({words for row in ROW_WORDS.values() for words in row}))
_OLD = rf"OLD(?: (?P<row>{_ROWS}))?(?: (?:on|in|at|to) {_SIDE.format('stood')})?"
_GOES = _SIDE.format("goes")
_AT = rf"(?:over )?(?:on|in|at|to|into|onto|towards?) {_GOES}(?: instead)?"
_VERBS = "move|shift|put|place|bring|drag|slide|push|set|take|let|relocate|have|send|carry|get"
_MOVES = (rf"\b(?:{_VERBS}) {_OLD} (?:be |go )?{_AT}$",
          rf"{_OLD} (?:should|must|needs to) (?:be|go|stand|move) {_AT}$",
          rf"\b(?:want|like|have) {_OLD} (?:to be |to go |moved )?{_AT}$",
          rf"^OLD (?:over )?to {_GOES}$")
_MORE = r"(?:a (?:little|bit|lot) |much |even |more )?"
_WANTED = rf"(?:\b(?:make|draw|want|like|have|turn) )?{_OLD} (?:should be |to be )?{_MORE}"
_BIGGER = (rf"{_WANTED}(?:bigger|larger|big|large|huge|taller)$",
           rf"\b(?:grow|enlarge|scale up|blow up|increase (?:the size of )?) ?{_OLD}$",
           rf"\b(?:scale|blow) {_OLD} up$", rf"\b(?:let|make) {_OLD} grow$",
           rf"{_OLD} is too (?:small|tiny|little)$")
_SMALLER = (rf"{_WANTED}(?:smaller|small|tiny|little)$",
            rf"\b(?:shrink|scale down|(?:reduce|decrease) (?:the size of )?) ?{_OLD}"
            r"(?: a (?:bit|little))?$",
            rf"\bscale {_OLD} down$", rf"\b(?:let|make) {_OLD} shrink$",
            rf"{_OLD} is too (?:big|large|huge)$")
_COLOR = rf"(?P<color>{'|'.join(COLORS)})"
_COLORED = (rf"\b(?:paint|colou?r|make|turn|dye|recolou?r|change|want|like|have) {_OLD}"
            rf"(?: to(?: be)?| in(?:to)?)? {_COLOR}(?: instead)?$",
            rf"\bthe colou?r of {_OLD} (?:to )?{_COLOR}$", rf"\bgive {_OLD} an? {_COLOR} colou?r$",
            rf"^{_OLD} (?:should be|in) {_COLOR}$")
_SWAPPED = (rf"\b(?:replace|swap(?: out)?|turn|change|exchange|transform|switch|convert|make) "
            rf"{_OLD} (?:with |by |for |into |to )?NEW$", rf"\bsubstitute NEW for {_OLD}$",
            rf"NEW (?:instead of|in place of) {_OLD}$", rf"instead of {_OLD},? (?:i want )?NEW$",
            rf"NEW where {_OLD} is$", rf"^{_OLD} should be NEW$")
_IT = re.compile(r"\b(?:it|this|that)\b")
_NEEDED = ("add|insert|include|put|place|draw|paint|set|show|give (?:me|it)|plus|and|also|"
           "there should be")
_WISHED = "i want|i'd like|i would like|have"  # "I want a red cat" may be about its colour
_ADDED = (rf"(?:^|\b)(?:{_NEEDED}) (?:in )?NEW\b", rf"(?:^|\b)(?:{_WISHED}) NEW \w",
          r"NEW .*\bwould be nice$")
_ENDS = re.compile(r"(?:,? (?:please|pls|thanks|thank you))?[ .!?]*$")


@dataclass(frozen=True)
class Cut:
    """A change of one thing. thing: the words that name it, as in a request to remove it.

    kind: "move" to `column` (of `vocabulary.COLUMNS`), "resize" by `factor` of its height,
    "recolor" to `color` (of `vocabulary.COLORS`), or "replace" with `new`, as in a request to draw;
    "add" names no thing but the `new` one.
    """

    kind: str
    thing: str
    column: str = ""
    factor: float = 1.0
    color: str = ""
    new: str = ""


def cut_of(instruction: str) -> Cut | None:
    """What an English instruction asks of one thing; None if it asks for anything else."""
    text = " ".join(_ENDS.sub("", instruction.lower()).split())
    old, new = _nouns()
    things, others = list(old.finditer(text)), list(new.finditer(text))
    if not things and not others:  # "make it bigger": the only thing there is
        things = list(_IT.finditer(text))
        old = _IT
    if max(len(things), len(others)) != 1 or re.search(r"n't\b|\b(?:not|never|no)\b", text):
        return None
    rest = old.sub("OLD", text)
    if others:
        rest, other = new.sub("NEW", rest), others[0][0]
        if things and (found := _first(_SWAPPED, rest)):
            return Cut("replace", _at(things[0][0], found), new=other)
        return Cut("add", "", new=other) if _first(_ADDED, rest) else None
    name = things[0][0]
    if found := _first(_MOVES, rest):
        return Cut("move", _at(name, found), column=_column(found["goes"]))
    if found := _first(_COLORED, rest):
        able = any(THINGS[thing].recolorable and re.search(rf"\b{each}$", name)
                   for thing in THINGS for each in THINGS[thing].names)
        return Cut("recolor", _at(name, found), color=found["color"]) if able else None
    for factor, patterns in ((STEP, _BIGGER), (1 / STEP, _SMALLER)):
        if found := _first(patterns, rest):
            return Cut("resize", _at(name, found), factor=factor)
    return None


def _first(patterns: tuple[str, ...], text: str) -> re.Match | None:
    return next(filter(None, (re.search(pattern, text) for pattern in patterns)), None)


def _at(name: str, found: re.Match) -> str:
    """The name with what the words say of where the thing stands."""
    said = found.groupdict()
    if said.get("row"):
        name = f"{name} {said['row']}"
    side = said.get("stood")
    if side is None:
        return name
    return f"{name} in the middle" if _column(side) == "middle" else f"{name} on the {side}"


def _column(side: str) -> str:
    return side if side in COLUMNS else "middle"


@cache
def _nouns() -> tuple[re.Pattern, re.Pattern]:
    """"the small red balloon" and "a small red balloon": a thing that is there, and a new one."""
    names = any_of(name for thing in THINGS.values() for name in thing.names)
    noun = rf"{looks_before(names)}(?:{names})\b"
    return re.compile(rf"\b(?:the|my|this|that) {noun}"), re.compile(rf"\ban? {noun}")
