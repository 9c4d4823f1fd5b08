"""A message → its steps: where it splits, and the words each step hands to the backbone.

Splitting is by rules: a strong joint ("then", ";", a full stop, a new line) or a weak one ("and",
a comma) counts only where a command begins behind it, so "a cat and a dog" and "remove the cat
and the dog" stay whole.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field

from .slots import without_settings


@dataclass(frozen=True)
class Step:
    """One task to run. text: what the backbone reads; slots: see slots.py."""

    task: str
    text: str
    slots: dict = field(default_factory=dict)

    def to_dict(self) -> dict:
        return {"intent": self.task, "text": self.text, "slots": self.slots}


@dataclass(frozen=True)
class Plan:
    """Steps in order; empty when there is nothing to draw (chat)."""

    steps: tuple[Step, ...] = ()

    def to_dict(self) -> dict:
        return asdict(self)


_VERBS = (
    "add animate apply blow blur brighten bring change clean clear color colour colorize convert "
    "correct create crop cut darken deblur decrease delete denoise design double draw "
    "dress drop edit "
    "eliminate enhance enlarge erase exchange expand extend fill fix flip generate get give hide "
    "illustrate improve increase insert let lighten lose magnify make mirror move paint "
    "photoshop place put quadruple raise recolor recolour reduce remove render repaint "
    "repair replace "
    "resize restore restyle retouch rotate scale shift shrink sharpen sketch straighten strip "
    "stylize substitute swap switch take tint transform triple turn unblur upsample "
    "upscale wipe write "
    "zoom set have wrap open close dye export save print retouch duplicate centre center decorate"
).split()
_ALONE = (
    "upscale enlarge sharpen denoise deblur unblur enhance colorize upsample double triple magnify"
).split()
_ASKED = (
    r"(?:(?:please|pls|plz|also|second(?:ly)?|third(?:ly)?|2nd|3rd|finish (?:with|by)|"
    r"finally|lastly|just|now|next|then|afterwards|after that|"
    r"(?:can|could|would|will) (?:you|u)|i(?:'d like| want| need) (?:you )?to|let's)[, ]+)*"
)
_COMMAND = re.compile(
    rf"\s*{_ASKED}(?:(?:{'|'.join(_VERBS)})\b|get rid of\b|i (?:want|need|'d like)\b|"
    r"(?:an? )?\d+x (?:upscale|enlargement)\b)",
    re.I,
)
_SEQUENCE = re.compile(
    r"^(?:(?:second|third|final|last|first|next)(?:ly)?,?|2nd,?|3rd,?|finally,?|"
    r"lastly,?|then|also|"
    r"finish (?:with|by)) (?=\w)",
    re.I,
)
_VERB_ALONE = re.compile(rf"\s*{_ASKED}(?:{'|'.join(_VERBS)})[\s.!?]*$", re.I)
_MAY_STAND_ALONE = re.compile(rf"\s*{_ASKED}(?:{'|'.join(_ALONE)})\b", re.I)
_STRONG = re.compile(
    r"\s*(?:[,.;]?\s*\b(?:and then|but then|then|after that|afterwards|after this|and after that|"
    r"and finally|finally|lastly|followed by|once (?:that's|that is|you're|it's) done|"
    r"when (?:that's|that is|you're|it's) done)\b[,:]?|[;\n]+|(?<!\d)[.!?]+(?=\s)|->|→|"
    r"(?:(?<=\s)|^)\(?\d[.)](?=\s)|(?:(?<=\s)|^)step \d:?|(?:(?<=[\s,])|^)(?:second|"
    r"third|2nd|3rd)(?:ly)?,)\s*",
    re.I,
)
_WEAK = re.compile(
    r"\s*(?:,\s*(?:and\s+(?:also\s+)?|also\s+|plus\s+)?|\s(?:and also|and|plus|&)\s)\s*", re.I
)
_FIRST = re.compile(
    r"^\s*(?:first(?:ly)?|first of all|to start(?: with)?|1st)[,:]?\s+(?!one\b|"
    r"picture|image|photo|upload)",
    re.I,
)
# What may be a step of its own after "then": "then in winter", "then 4x", "then black and white".
_FRAGMENT = re.compile(
    r"^(?:\d+(?:\.\d+)?\s?x\b|x\s?\d|in (?:winter|summer|spring|autumn|4k|hd|black)|at "
    r"(?:night|sunset|dawn)|"
    r"black and white|winter|night|without |no |with |as a|sepia|hd|4k|bigger|larger|"
    r"sharper|the same|"
    r"a (?:bigger|larger|high)|an? )",
    re.I,
)

_OPENER = (
    r"(?:(?:hi|hello|hey|ok|okay|so|well|hmm+|um+|great|nice|perfect|cool|thanks|thank you|"
    r"good morning|alright|lovely|yes|please|pls|plz|now|next|just|also|kindly|and|then|but)"
    r"(?: there| so)?[,!.:]*\s+)"
)
_REQUEST = (
    r"(?:(?:can|could|would|will) (?:you|u|we|i)(?: please| also| maybe)?\s+|"
    r"i(?:'d| would)? (?:like|love|want|need) (?:you )?(?:to )?|i want (?:you )?to |"
    r"let's |let me |"
    r"would you mind |is it possible to |do you think you could |help me (?:to )?|go ahead and )"
)
_MEDIUM = (
    r"(?:new |nice |quick )?(?:picture|image|photo|photograph|pic|drawing|illustration|scene|"
    r"artwork)"
)
_DRAW = re.compile(
    r"^(?:ignor(?:e|ing)|forget|disregard|skip|never mind|not|don't \w+|do not \w+)\b[^,;:.|]*?"
    r"(?:[,;:.]|\band\b)\s*(?:just |now |instead |please )*",
    re.I,
)
_LEAD = re.compile(
    rf"^(?:(?:draw|paint|sketch|generate|create|make|render|design|illustrate|produce|"
    rf"imagine|show|"
    rf"visuali[sz]e|compose|craft|give|have|get|see|do|whip up|come up with|put together|"
    rf"depict|doodle)\b"
    rf"(?:\s+(?:me|us|for me|for us))?(?:\s*:)?\s+|(?:an?other|a|an|the|one more|"
    rf"some)\s+{_MEDIUM}\s+"
    rf"(?:of|showing|with|where|that shows)\s+|(?:new|next|another|fresh)\s+(?:{_MEDIUM}|"
    rf"one)\s*[:,]\s*|"
    rf"{_MEDIUM}\s+of\s+|(?:how|what) about\s+|(?:of|showing)\s+)",
    re.I,
)
_TAIL = re.compile(
    r"(?:[,\s]+(?:please|pls|plz|thanks|thank you|thx|for me|if (?:you can|possible)|"
    r"would you|will you|asap))+[\s.!?]*$",
    re.I,
)


def split(text: str) -> list[str]:
    """Cut a message into the parts that ask for one thing each; one part when in doubt."""
    if len(text) > 2000:
        return [text.strip()]
    text = _FIRST.sub("", text)
    parts: list[str] = []
    for piece in _cut(text, _STRONG, strong=True):
        parts += _cut(piece, _WEAK, strong=False)
    parts = [part.strip(" ,;\n\t") for part in parts]
    if len(parts) > 1:
        parts = [_plain_command(_SEQUENCE.sub("", part)) for part in parts]
    return [part for part in parts if part] or [text.strip()]


def _plain_command(part: str) -> str:
    """ "start by deleting the moon" → "delete the moon"."""
    match = re.match(r"(?:start(?:ing)? (?:by|with)|(?:by|try)) (\w+)ing\b", part, re.I)
    if not match:
        return part
    stem = match[1].lower()
    for verb in (stem, stem + "e", stem[:-1]):
        if verb in _VERBS:
            return verb + part[match.end() :]
    return part


def _cut(text: str, joint: re.Pattern, strong: bool) -> list[str]:
    parts, start, quoted = [], 0, _quoted(text)
    for match in joint.finditer(text):
        left, right = text[start : match.start()], text[match.end() :]
        if any(a < match.start() < b for a, b in quoted):
            continue
        if not left.strip():
            start = match.end()
        elif _begins(left, right, match.group(), strong):
            parts.append(left)
            start = match.end()
        elif strong and (verb := _carried_verb(left, right, match.group())):
            # "remove the blur, then the watermark": the second step says its verb by silence.
            return [*parts, left, *_cut(f"{verb} {right}", joint, strong)]
    return [*parts, text[start:]]


def _quoted(text: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(r"[\"“][^\"”]*[\"”]", text)]


def _begins(left: str, right: str, joint: str, strong: bool) -> bool:
    """Whether a new step begins behind the joint."""
    sequel = strong and bool(re.search(r"[a-z→>]", joint, re.I))
    if not _is_request(left, sequel):
        return False
    if _COMMAND.match(right):
        return not _VERB_ALONE.match(_first_clause(right)) or bool(_MAY_STAND_ALONE.match(right))
    # Only words of sequence ("then", "finally") carry a fragment; a full stop does not.
    return sequel and bool(_FRAGMENT.match(right))


def _carried_verb(left: str, right: str, joint: str) -> str | None:
    verb = re.match(
        rf"\s*{_ASKED}((?:remove|delete|erase|take out|get rid of|add|make))\b", left, re.I
    )
    carried = re.match(r"(?:the|this|that|all|these|those|my|his|her)\s", right, re.I)
    return verb[1] if verb and carried and re.search(r"\bthen\b", joint, re.I) else None


def _first_clause(text: str) -> str:
    return re.split(r",|;|\.\s|\band\b|\bthen\b", text, maxsplit=1)[0]


def _is_request(left: str, sequel: bool) -> bool:
    # "Ignore my upload, draw a castle" and "keep the dog, remove the rest" are one wish; so is a
    # greeting before it, and a verb that waits for its object ("crop and rotate the picture").
    if re.match(
        rf"\s*{_ASKED}(?:ignor|forget|disregard|skip|never mind|not |don't|do not|keep|leave|"
        r"without|instead of)",
        left,
        re.I,
    ):
        return False
    if _VERB_ALONE.match(left) and not (sequel or _MAY_STAND_ALONE.match(left)):
        return False
    greeting = re.fullmatch(rf"\s*(?:{_OPENER})*\w{{0,9}}[\s,!.]*", left + " ", re.I)
    return not greeting or bool(_COMMAND.match(left))


def backbone_text(task: str, text: str) -> str:
    """What the backbone reads for one step.

    t2i: the prompt without lead-ins ("draw me a" goes, "a" stays when it stood there) and settings;
    edit and inpaint: the instruction without greetings and politeness; sr: "".
    """
    if task == "sr":
        return ""
    bare = " ".join(text.split())
    bare = re.sub(rf"^{_OPENER}+", "", bare, flags=re.I)
    if task == "t2i":
        bare = _DRAW.sub("", bare)
    bare = re.sub(rf"^{_REQUEST}", "", bare, count=1, flags=re.I)
    bare = re.sub(rf"^{_OPENER}+", "", bare, flags=re.I)
    bare = _TAIL.sub("", bare).rstrip(" ?!.")
    if task == "t2i":
        bare = without_settings(bare)
        for _ in range(3):
            shorter = _LEAD.sub("", bare, count=1)
            if shorter == bare or not shorter:
                break
            bare = shorter
        bare = without_settings(bare)
    return bare or " ".join(text.split())
