"""Where a message falls into parts that ask for one thing each.

By rules: a strong joint ("then", ";", a full stop, a new line) or a weak one ("and", a comma)
counts only where a command begins behind it, so "a cat and a dog" and "remove the cat and the dog"
stay whole; items of a list count always. What is to come first is put first ("upscale it, but
before that …").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .listing import items, plainly
from .ordering import in_order, infinitive, quoted
from .verbs import (
    ALONE,
    ASKED,
    COMMAND,
    DRAWING,
    FOREIGN_COMMAND,
    MAY_STAND_ALONE,
    VERB_ALONE,
    VERBS,
)
from .wording import OPENER

LONGEST = 2000  # characters; a longer message is one wish


@dataclass(frozen=True)
class Part:
    """One wish. group, whole: parts of one group are a single wish, `whole`, unless they turn out
    to ask for different tasks ("brighten and sharpen it"); None where they are apart for sure."""

    text: str
    group: int | None = None
    whole: str = ""


_SEQUENCE = re.compile(
    r"^(?:(?:second|third|final|last|first|next)(?:ly)?,?|2nd,?|3rd,?|finally,?|"
    r"lastly,?|later,?|then|also|and|primero|d'abord|zuerst|prima|primeiro|"
    r"finish (?:with|by)) (?=\w)",
    re.I,
)
_STRONG = re.compile(
    r"\s*(?:[,.;]?\s*\b(?:and then|but then|then|after that|afterwards|after this|and after that|"
    r"and finally|finally|lastly|followed by|once (?:that's|that is|you're|it's) done|"
    r"and when (?:that's|that is|you're|it's) done|"
    r"when (?:that's|that is|you're|it's) done|"
    r"(?:(?:y|et|und|e|ed) )?(?:luego|despu[eé]s|por [uú]ltimo|finalmente|puis|ensuite|enfin|"
    r"dann|danach|anschlie(?:ß|ss)end|zuletzt|poi|infine|depois|em seguida|por fim))\b[,:]?|"
    r"[;\n]+|(?<!\d)[.!?…]+(?=\s)|->|→|"
    r"(?:(?<=\s)|^)\(?\d[.)](?=\s)|(?:(?<=[\s,])|^)(?:second|"
    r"third|2nd|3rd)(?:ly)?,)\s*",
    re.I,
)
_WEAK = re.compile(
    r"\s*(?:,\s*(?:and\s+(?:also\s+)?|also\s+|plus\s+|(?:y|et|und|e|ed)\s+)?|"
    r"\s(?:and also|and|plus|&|\+|/|\||y tambi[eé]n|y|et|und|ed|e)\s)\s*",
    re.I,
)
_FIRST = re.compile(
    r"^\s*(?:first(?:ly)?|first of all|to start(?: with)?|1st|zuerst|primero|d'abord|prima|"
    rf"primeiro)(?:[,:]\s*|\s+(?={COMMAND.pattern}|{FOREIGN_COMMAND.pattern}))",
    re.I,
)
_LOOK = (
    r"(?:winter|summer|spring|autumn|sunset|sunrise|dawn|dusk|night|day|rain|snow|fog|sepia|"
    r"black and white|pixel art|watercolou?r|hd|4k)"
)
# What may be a step of its own after "then": "then in winter", "then 4x", "then black and white".
_FRAGMENT = re.compile(
    rf"^(?:\d+(?:\.\d+)?\s?x\b|x\s?\d|(?:in|at|as) (?:an? )?{_LOOK}\b|{_LOOK}\b|in (?:4k|hd|black)|"
    r"without |no |with |as a|bigger|larger|sharper|(?:the )?same |double|twice|"
    r"a (?:bigger|larger|high|sharper|water|pencil|sketch|poster|negative))",
    re.I,
)
LOOK_ALONE = re.compile(rf"\s*(?:(?:in|at|as) )?{_LOOK}\s*$", re.I)
_PRAISE = re.compile(
    rf"\s*(?:(?:{OPENER})|(?:wow|super|great|nice|perfect|awesome|cool|lovely|amazing|good|"
    r"beautiful|thanks|thank|you|so|much|very|well|done|ok|okay|not|bad|love|like|it|i|looks|is|"
    r"that|that's|this|job|work|cheers|excellent|wonderful|hi|hello|hey|there|yes|yeah|hm+)[\s,!]*)+"
    r"[\s,.!]*",
    re.I,
)
_GREETING = re.compile(rf"\s*(?:{OPENER})*\w{{0,9}}[\s,!.]*", re.I)
_STATES = re.compile(
    r"(?:the|that|this|my|his|her|their|its|all|every\w*)\s[^,;.]{1,40}?\s(?:should|must|has to|"
    r"have to|needs? to|can)\s",
    re.I,
)
_GONE = re.compile(
    r"((?:the|that|this|my|his|her|their|all)\s[^,;.]{1,30}?)\s(?:gone|removed|deleted|erased)\s*$",
    re.I,
)
_BACK = re.compile(
    r"\b(?:it|them|him|her|this|that|everything|the|all|size|[248]x|x[248]|i)\b", re.I
)
_TIMES = re.compile(r"(?:\d+(?:\.\d+)?\s?x|x\s?\d)\b", re.I)
_PLAIN_WISH = re.compile(rf"\s*{ASKED}(?:add|remove|erase|delete|enlarge|upscale)\b", re.I)
_KEEPS = re.compile(
    rf"\s*(?:{ASKED}(?:ignor|forget|disregard|skip|never mind|not |don't|dont |do not|keep|leave|"
    r"instead of|no more)|(?:without|no) \w+ing\b)",
    re.I,
)


def split(text: str) -> list[str]:
    """Cut a message into the parts that ask for one thing each; one part when in doubt."""
    return [part.whole or part.text for part in parts(text) if part.group is None or part.whole]


def parts(text: str) -> list[Part]:
    """The wishes of a message in the order in which they are to be done. At least one."""
    if len(text) > LONGEST:
        return [Part(text.strip())]
    found: list[Part] = []
    for item in items(plainly(text)):
        for sentence in in_order(_FIRST.sub("", item), _may_be_step):
            for piece in _cut(sentence, _STRONG, strong=True):
                for wish in _cut(piece, _WEAK, strong=False):
                    found += _soft(wish.strip(" ,;\n\t|/"), len(found))
    if sum(part.group is None or bool(part.whole) for part in found) > 1:
        found = [_cleaned(part) for part in found]
        kept = [part for part in found if not _PRAISE.fullmatch(part.text)]
        found = kept or found[:1]
    return [part for part in found if part.text] or [Part(text.strip())]


def _cleaned(part: Part) -> Part:
    """Without the words that only say when: "a kite after that" → "a kite"."""
    text = _plain_command(_SEQUENCE.sub("", part.text))
    short = re.sub(
        r"[,\s]+(?:first|next|last|afterwards|after that|at the end|in the end|to finish)$",
        "",
        text,
        flags=re.I,
    )
    if short.count(" "):
        text = short
    elif MAY_STAND_ALONE.match(text):
        text = short or text
    return Part(text, part.group, part.whole)


def _may_be_step(text: str) -> bool:
    return bool(COMMAND.match(text) or _FRAGMENT.match(text) or FOREIGN_COMMAND.match(text))


def _plain_command(part: str) -> str:
    """ "start by deleting the moon" → "delete the moon"."""
    match = re.match(r"(?:start(?:ing)? (?:by|with)|(?:by|try)) (?=\w+ing\b)", part, re.I)
    return infinitive(part[match.end() :]) if match else part


def _cut(text: str, joint: re.Pattern, strong: bool) -> list[str]:
    parts_, start, marked = [], 0, quoted(text)
    for match in joint.finditer(text):
        left, right = text[start : match.start()], text[match.end() :]
        if any(a < match.start() < b for a, b in marked):
            continue
        if not left.strip():
            start = match.end()
        elif _begins(left, right, match.group(), strong):
            parts_.append(left)
            start = match.end()
        elif verb := _carried_verb(left, right, match.group()):
            # "remove the blur, then the watermark": the second step says its verb by silence.
            return [*parts_, left, *_cut(f"{verb} {right}", joint, strong)]
    return [*parts_, text[start:]]


def _begins(left: str, right: str, joint: str, strong: bool) -> bool:
    """Whether a new step begins behind the joint."""
    sequel = strong and bool(re.search(r"[a-z→>]", joint, re.I))
    asks = bool(COMMAND.match(left) or FOREIGN_COMMAND.match(left) or _FRAGMENT.match(left.strip()))
    if not _is_request(left, sequel):
        return False
    if FOREIGN_COMMAND.match(right) and (asks or strong):
        return True
    if COMMAND.match(right):
        if not strong and not asks and not _points_back(right):
            return False
        return not VERB_ALONE.match(_first_clause(right)) or bool(MAY_STAND_ALONE.match(right))
    looks = bool(_FRAGMENT.match(right))
    if sequel:
        arrow = bool(re.search("->|→", joint))
        return (asks or arrow) and looks or bool(_TIMES.match(right))
    # "sunset, no people, 2x": a list of looks; a full stop carries no fragment
    listed = "and" not in joint and bool(LOOK_ALONE.match(left)) and looks
    return not strong and (listed or asks and bool(_TIMES.match(right)))


def _points_back(right: str) -> bool:
    """Whether a command is about what was described before it: "a fox, make it night"."""
    clause = _first_clause(right)
    return bool(_BACK.search(clause) or MAY_STAND_ALONE.match(right) or _PLAIN_WISH.match(right))


def _carried_verb(left: str, right: str, joint: str) -> str | None:
    verb = re.match(
        rf"\s*{ASKED}((?:remove|delete|erase|take out|get rid of|add|make))\b", left, re.I
    )
    carried = re.match(r"(?:the|this|that|all|these|those|my|his|her)\s", right, re.I)
    return verb[1] if verb and carried and re.search(r"\bthen\b", joint, re.I) else None


def _first_clause(text: str) -> str:
    return re.split(r",|;|\.\s|\band\b|\bthen\b|\s[/|]\s", text, maxsplit=1)[0]


def _is_request(left: str, sequel: bool) -> bool:
    # "keep the dog, remove the rest" is one wish; so is a greeting before it, and a verb that
    # waits for its object ("crop and rotate the picture").
    if _KEEPS.match(left):
        return False
    if VERB_ALONE.match(left) and not (sequel or MAY_STAND_ALONE.match(left)):
        return False
    greeting = _GREETING.fullmatch(left + " ")
    meant = (COMMAND, FOREIGN_COMMAND, _FRAGMENT)
    return not greeting or bool(
        any(pattern.match(left.strip()) for pattern in meant) or _PRAISE.fullmatch(left)
    )


# What is to be absent: of a drawing, or already denied; a further "no" says more of the same.
_NEVER = re.compile(rf"\b(?:no|without|{'|'.join(DRAWING)})\b", re.I)
_SHARED = re.compile(
    rf"(?P<lead>{ASKED}(?:both )?)(?P<one>{'|'.join(sorted(VERBS))})(?P<joint> and |, | & |/)"
    rf"(?P<two>(?:(?:also|then) )?(?:{'|'.join(sorted(VERBS))})\b)(?P<rest>.*)",
    re.I | re.S,
)


def _soft(wish: str, group: int) -> list[Part]:
    """Parts of a wish that belong together unless they ask for different tasks."""
    if match := _SHARED.fullmatch(wish):
        rest = match["rest"]
        if rest.strip() or match["one"].lower() in ALONE:
            one = f"{match['lead']}{match['one']}{_shared_object(rest)}"
            return [Part(one, group, wish), Part(match["two"] + rest, group)]
    for match in _WEAK.finditer(wish):
        left, right = wish[: match.start()], wish[match.end() :]
        if _inside(match.start(), wish) or not left.strip():
            continue
        if _STATES.match(right) and (_STATES.match(left) or COMMAND.match(left)):
            return [Part(left, group, wish), Part(right, group)]
        denied = re.match(r"(?:no|without) (?!\w+ing\b)", right, re.I)
        if denied and COMMAND.match(left) and not _NEVER.search(left):
            return [Part(left, group, wish), Part(right, group)]
        if _NEVER.match(left) and re.search(r"\binstead\b", right):
            return [Part(left, group, wish), Part(right, group)]
        gone = _GONE.match(right)
        if gone and COMMAND.match(left):
            return [Part(left, group, wish), Part(f"remove {gone[1]}", group)]
    return [Part(wish)]


def _shared_object(rest: str) -> str:
    """The object that two verbs share, up to what is said of the second alone."""
    return re.split(r"\s(?:by|to|at|\d|x\d)", rest, maxsplit=1)[0]


def _inside(place: int, text: str) -> bool:
    return any(a < place < b for a, b in quoted(text))
