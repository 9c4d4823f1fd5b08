"""What an edit or a removal is about, how large it is said to be, and where it is."""

from __future__ import annotations

import re

_MORE = (
    "bigger|smaller|larger|darker|brighter|lighter|longer|shorter|taller|wider|softer|sharper|"
    "warmer|cooler|older|younger|greener|bluer|redder|nicer|prettier|happier|sadder|thicker|"
    "thinner|closer|higher|lower|stronger|weaker|clearer|colder|wetter|rounder|flatter|faster|"
    "slower|cuter|calmer|rougher|smoother|narrower|fatter|slimmer|heavier|look|glow|smile|fly"
)
_WHERE = re.compile(
    r"\b((?:on|at|in|to|from|near) the (?:(?:far|very|upper|lower|top|bottom) )?"
    r"(?:left|right|middle|cent(?:er|re)|background|foreground|back|front|top|bottom|"
    r"corner|distance|"
    r"edge|sky|floor|wall|table|roof|water|street|grass)\b(?: (?:hand )?(?:corner|side|edge))?|"
    r"(?:in front of|behind|next to|beside|under|above|below|near|between) "
    r"(?:the |a |an |his |her |my |me\b|him\b|her\b|them\b|us\b)?\w*(?: \w+)?)",
    re.I,
)
_THING = re.compile(
    r"\b(?:remove|delete|erase|get rid of|take (?:out|away|off)|cut out|edit out|"
    r"photoshop out|clean up|"
    r"wipe out|clear|eliminate|drop|lose|hide|scrub|strip|crop out|replace|swap(?: "
    r"out)?|exchange|"
    r"change|turn|make|recolou?r|move|shift|resize|shrink|enlarge|brighten|darken|"
    r"rotate|flip|without|"
    r"no|minus|add|insert|put|place|paint|colou?r|inpaint)\s+(?!over\b|where\b)"
    r"(?:the |a |an |that |this |those |these |all |any |his |her |my |some |another )*"
    r"([a-z][\w'-]*(?: [a-z][\w'-]*){0,3}?)"
    r"(?=$|[,.;!?]|\s(?:with|by|for|into|to|from|on|in|at|and|or|of|please|pls|next|"
    r"behind|beside|under|"
    r"above|near|away|out|off|who|that|disappear|vanish|instead|anymore|here|there|"
    rf"a bit|a little|much|{_MORE}|"
    r"(?:red|green|blue|yellow|orange|purple|pink|brown|black|white|grey|gray|golden)"
    r"(?=\s*(?:$|[,.;!?]|and\b|please|instead|with\b|like\b|here\b)))\b)",
    re.I,
)
_PRONOUNS = {
    "it",
    "this",
    "that",
    "them",
    "him",
    "her",
    "everything",
    "me",
    "us",
    "more",
    "out",
    "picture",
    "image",
    "photo",
    "pic",
    "one",
    "these",
    "those",
    "sure",
}
_NOT_LAST = ("version", "picture", "image", "photo", "one")
_SIZES = re.compile(
    r"\b(small|little|tiny|big|large|huge|tall|short|long|smaller|bigger|larger|smallest|biggest|"
    r"largest|giant|enormous)\b",
    re.I,
)


def thing(text: str) -> dict:
    """Slots thing (without article), size (its adjective) and where; {} for "remove it"."""
    slots = {}
    if match := _THING.search(text):
        words = match[1].lower().split()
        if words[0] not in _PRONOUNS and words[-1] not in _NOT_LAST:
            slots["thing"] = match[1].strip()
            if size := _SIZES.search(match[1]):
                slots["size"] = size[1].lower()
    if match := _WHERE.search(text):
        slots["where"] = match[1].strip()
    return slots
