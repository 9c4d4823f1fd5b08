"""A message → its plan: the steps in order, each with its task, its words, its slots and whether a
painted area is meant for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from .labels import Context
from .ordering import quoted
from .slots import read_slots
from .splitting import LOOK_ALONE, Part, parts, split
from .verbs import ASKED, COMMAND, DRAWING
from .wording import backbone_text

__all__ = ["Plan", "Step", "backbone_text", "planned", "split"]

Scores = dict[str, float]


@dataclass(frozen=True)
class Step:
    """One task to run. text: what the backbone reads; slots: see slots.py; mask: the painted area
    that came with the message is meant for this step (never True without one)."""

    task: str
    text: str
    slots: dict = field(default_factory=dict)
    mask: bool = False

    def to_dict(self) -> dict:
        """JSON values; "mask" stands there only where it is true."""
        told = {"intent": self.task, "text": self.text, "slots": self.slots}
        return told | {"mask": True} if self.mask else told


@dataclass(frozen=True)
class Plan:
    """Steps in order; empty when there is nothing to draw (chat)."""

    steps: tuple[Step, ...] = ()

    def to_dict(self) -> dict:
        return asdict(self)


_QUESTION = re.compile(
    r"\s*(?:how (?:do|can|does|did|would|should|many|much|long|to)|what(?:'s| is| are| does| do|"
    r" can|ever)? (?:the|your|you|it|is|do|an?|kind)\b|why|who|when (?:do|will|can)|"
    r"where (?:do|is|are)|which .* (?:is|are|do|does)|do you (?:know|have|like|support)|are you|"
    r"is (?:it|there) (?!possib)).*\?",
    re.I | re.S,
)
_DRAWS = re.compile(
    rf"\s*{ASKED}(?:{'|'.join(DRAWING)}|make (?:me )?an? (?:picture|image|photo|drawing|painting|"
    r"logo|poster)|give me|an? (?:new )?(?:picture|image|photo|drawing|painting|portrait)|"
    r"i (?:want|need|'d like) an? )",
    re.I,
)
_FRESH = re.compile(
    r"\s*(?:please )?(?:ignor|forget|disregard|skip|never mind|(?:don't|dont|do not) use)[^,;:.]*"
    r"\b(?:pictures?|images?|photos?|uploads?|attachments?|last|previous|that|this|it|everything|"
    r"all|files?|one)\b[^,;:.]{0,20}?(?:[,;:.]|\band\b)\s*(?:just |now |please |instead )*(?=\w)",
    re.I,
)
# Verbs that say the task whatever stands around them; the classifier is not asked.
_SURE = (
    (
        re.compile(
            rf"\s*{ASKED}(?:crop|rotate|flip|mirror|straighten|brighten|darken|colou?rize|"
            r"recolou?r|desaturate)\b",
            re.I,
        ),
        "edit",
    ),
    (
        re.compile(
            rf"\s*{ASKED}(?:upscale|upsample|denoise|deblur|unblur)\b(?! the (?!pic|im|ph|wh))",
            re.I,
        ),
        "sr",
    ),
    (re.compile(r"\s*(?:\d+(?:\.\d+)?\s?x|x\s?\d)\s*$", re.I), "sr"),
)
_EDITS = re.compile(
    rf"\s*{ASKED}(?:make|turn|give|let) (?:it|this|them|him|her|everything)\b(?! (?:me )?an? "
    r"(?:new )?(?:picture|image|drawing))|\s*(?:go |change |switch )?from \w+ to \w+ and from ",
    re.I,
)
_DENIED = re.compile(
    r"\s*(?:please )?(?:don't|dont|do not|no need to) [^,;:.]+[,;:.]\s*(?:just |only |but |"
    r"instead |rather )*",
    re.I,
)
_DESCRIBES = re.compile(r"\s*(?:an?|two|three|four|five|several) (?!bit |little |lot )\w", re.I)
_POINTS = re.compile(
    r"\b(?:here|marked|mark|selected|selection|painted|highlighted|circled|masked|brushed|"
    r"this (?:area|part|spot|place|region|bit|section|thing|corner|hole)|inside|in there|"
    r"(?:fill|erase|remove|delete|clear|replace|cover|get rid of) (?:it|this|that|these)|"
    r"aqu[ií]|ici|hier|qui|esto|isto|[çc]a|das hier|questo)\b|"
    r"\b(?:put|paint|draw|add|place) .*\bthere\b",
    re.I,
)
_WHOLE = re.compile(
    r"\b(?:every(?:thing|where)|whole|entire|all over|overall|the (?:picture|image|photo|scene|"
    r"background|sky|weather|season|style|colou?rs)|winter|summer|spring|autumn|night|sunset)\b",
    re.I,
)


def planned(
    text: str, context: Context, scores: Callable[[str, Context], Scores]
) -> tuple[list[Scores], Plan]:
    """The plan, and the scores of the wishes it was made from, in order; at least one.

    scores: the calibrated probabilities of the five intents for a text in its context.
    """
    found = parts(text) if not _QUESTION.fullmatch(text) else [Part(text.strip())]
    fresh = _FRESH.match(text)
    if fresh and _DRAWS.match(text[fresh.end() :]):
        found, context = parts(text[fresh.end() :]), Context()
    wishes = _wishes(found, context, scores)
    if len(found) > 1:
        # "Nice. Thank you, how do I save it?" has no step, "Hi. Draw a cat." has one.
        wishes = [wish for wish in wishes if likeliest(wish[1]) != "chat"] or [
            (text, scores(text, context))
        ]
    pointed = _pointed([wish for wish, _ in wishes], context)
    steps = [
        _step(wish, likeliest(told), masked)
        for (wish, told), masked in zip(wishes, pointed, strict=True)
        if likeliest(told) != "chat"
    ]
    return [told for _, told in wishes], Plan(_joined(steps))


def likeliest(scores: Scores) -> str:
    return max(scores, key=scores.__getitem__)


def _wishes(found: list[Part], context: Context, scores) -> list[tuple[str, Scores]]:
    """Text and scores of each wish; parts of a group that turn out the same become one."""
    pointed = _pointed([part.text for part in found], context)
    told = []
    for i, (part, masked) in enumerate(zip(found, pointed, strict=True)):
        around = Context(context.images, masked, context.history or i > 0)
        heard = scores(_mumbled(part.text), around)
        told.append(_weighed(part.text, heard, around, first=i == 0))
    out: list[tuple[str, Scores]] = []
    i = 0
    while i < len(found):
        group, end = found[i].group, i + 1
        while end < len(found) and group is not None and found[end].group == group:
            end += 1
        kinds = {likeliest(each) for each in told[i:end]}
        if end > i + 1 and len(kinds) == 1:
            out.append((found[i].whole, told[i]))
        else:
            out += [(found[k].text, told[k]) for k in range(i, end)]
        i = end
    return out


def _mumbled(text: str) -> str:
    """The text as the classifier is to hear it: "hello" for what stands in quotes, words to be
    written and no commands, and nothing of what is not to be done."""
    for start, end in reversed(quoted(text)):
        if end - start > 3:
            text = f"{text[: start + 1]}hello{text[end - 1 :]}"
    denied = _DENIED.match(text)
    return text[denied.end() :] if denied and COMMAND.match(text[denied.end() :]) else text


def _weighed(text: str, told: Scores, context: Context, first: bool) -> Scores:
    """The classifier's scores, corrected where the words leave no doubt.

    A later step draws anew only where it says so; an edit of "it" draws nothing where there is a
    picture, and a thing described where there is none is to be drawn.
    """
    guess, stands = likeliest(told), context.images or context.history
    sure = next((task for pattern, task in _SURE if pattern.match(text)), None)
    if sure and guess != sure and guess != "chat" and not context.mask:
        return _moved(told, guess, sure)
    if (
        guess == "t2i"
        and not _DRAWS.match(text)
        and (not first or stands and (_EDITS.match(text) or LOOK_ALONE.match(text)))
    ):
        return _moved(told, "t2i", max(("edit", "sr", "inpaint"), key=told.__getitem__))
    described = _DESCRIBES.match(text) or _DRAWS.match(text)
    if guess in ("edit", "inpaint") and first and not stands and not context.mask and described:
        return _moved(told, guess, "t2i")
    return told


def _moved(told: Scores, source: str, target: str) -> Scores:
    """All of one intent's probability given to another."""
    return told | {target: told[target] + told[source], source: 0.0}


def _pointed(texts: list[str], context: Context) -> list[bool]:
    """Which wishes a painted area is meant for: those that point at it, else the first that does
    not speak of the whole picture."""
    if not context.mask:
        return [False] * len(texts)
    found = [bool(_POINTS.search(text)) for text in texts]
    if not any(found):
        for i, text in enumerate(texts):
            if not _WHOLE.search(text) and not any(
                task == "sr" and pattern.match(text) for pattern, task in _SURE
            ):
                found[i] = True
                break
    # A single wish is read with its mask whatever it says; the classifier knows such cases.
    return found if len(texts) > 1 else [True]


def _step(text: str, task: str, masked: bool) -> Step:
    about = masked and (task == "inpaint" or task == "edit" and bool(_POINTS.search(text)))
    return Step(task, backbone_text(task, text), read_slots(task, text), about)


def _joined(steps: list[Step]) -> tuple[Step, ...]:
    """Neighbouring enlargements ("sharpen and upscale 4x") become one, unless both give a size."""
    out: list[Step] = []
    for step in steps:
        if (
            step.task == "sr"
            and out
            and out[-1].task == "sr"
            and not (step.slots and out[-1].slots)
        ):
            step = Step("sr", "", out.pop().slots | step.slots)
        out.append(step)
    return tuple(out)
