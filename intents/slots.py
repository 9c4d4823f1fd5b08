"""Rules that read numbers, places and things out of one step's text.

A slot dict holds only what was said, all JSON values:
  scale        times as large, 1 < scale <= 16 (sr)
  width, height  target size in pixels, 16..16384
  dpi          300 when the size is "for print" (sr), or the number said
  aspect       "16:9"; "square" is "1:1", "landscape" "3:2", "portrait format" "2:3" (t2i)
  variations   number of pictures asked for, 2..16 (t2i)
  seed         0..2**32-1
  without      things that must not appear (t2i)
  thing        what an edit or removal is about, without article (edit, inpaint)
  where        where in the picture that thing is ("on the left")
  picture      which picture is meant: {"of": "upload"|"any", "index": 1.. or -1 for the last}, or
               {"of": "previous"} or {"of": "original"}
"""

from __future__ import annotations

import re

NUMBERS = {
    w: i
    for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_NUM = r"(\d+(?:\.\d+)?|" + "|".join(list(NUMBERS)[1:]) + ")"
_ORDER = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "5th": 5,
    "sixth": 6,
    "last": -1,
    "latest": -1,
    "newest": -1,
}
_PIC = r"(?:picture|image|photo|photograph|pic|drawing|version|variation|result|shot|upload|one)"

_SIZE = re.compile(r"\b(\d{2,5})\s*(?:x|×|by)\s*(\d{2,5})\b\s*(?:px|pixels?)?", re.I)
_WIDE = re.compile(
    r"\b(\d{3,5})\s*(?:px|pixels?)?\s*(wide|across|in width|tall|high|in height)\b", re.I
)
_LONG = re.compile(r"\b(\d{3,5})\s*(?:px|pixels?)\b", re.I)
_NAMED = {
    "8k": 7680,
    "4k": 3840,
    "uhd": 3840,
    "ultra hd": 3840,
    "2k": 2048,
    "full hd": 1920,
    "1080p": 1920,
    "720p": 1280,
}
_SCALES = (
    (re.compile(rf"\b{_NUM}\s?(?:x|×)(?!\s?\d)(?:\b|$)", re.I), None),
    (re.compile(rf"(?:\bx|×)\s?{_NUM}\b", re.I), None),
    (re.compile(rf"\b{_NUM}[- ](?:times|fold)\b", re.I), None),
    (re.compile(rf"\bfactor (?:of )?{_NUM}\b", re.I), None),
    (re.compile(rf"\bby {_NUM}\b(?! ?(?:px|pixel|degree|%|percent|year))", re.I), None),
    (re.compile(r"\b(\d{3,4})\s?(?:%|percent)", re.I), "percent"),
    (re.compile(r"\b(?:double|doubled|twice|two-fold|twofold)\b", re.I), 2),
    (re.compile(r"\b(?:triple|tripled|thrice|threefold)\b", re.I), 3),
    (re.compile(r"\b(?:quadruple|quadrupled|fourfold)\b", re.I), 4),
)
_SEED = re.compile(
    r"[,;]?\s*\b(?:with |using |and )?(?:the )?seed\s*(?:number|=|:|is|of)?\s*(\d{1,10})\b", re.I
)
_ASPECT = re.compile(
    r"[,;]?\s*(?:--ar\s*|\b(?:in|as|at)?\s*)\b(\d{1,2})\s?:\s?(\d{1,2})\b"
    r"(?: format| aspect(?: ratio)?)?",
    re.I,
)
_SHAPES = {
    "square": "1:1",
    "landscape": "3:2",
    "portrait": "2:3",
    "widescreen": "16:9",
    "panorama": "3:1",
    "vertical": "2:3",
    "horizontal": "3:2",
}
_SHAPE = re.compile(
    r"[,;]?\s*\b(?:in |as a )?(square|landscape|portrait|widescreen|panorama|vertical|"
    r"horizontal)(?: format| orientation| aspect| mode)?\s*$",
    re.I,
)
_MANY = re.compile(
    rf"\b{_NUM}\s+(?:different |more |new |other )?(?:variations?|versions?|variants?|"
    rf"alternatives?|"
    r"pictures|images|options|takes)(?: of|:)?\b",
    re.I,
)
_WITHOUT = re.compile(
    r"\b(?:without|with no|no|with nobody|sans)\s+(?:any |the |a |an )?([a-z][a-z ]*?)"
    r"(?=$|[,.;!?]|\band\b|\bor\b|\bin\b|\bon\b|\bat\b)",
    re.I,
)
_WHERE = re.compile(
    r"\b((?:on|at|in|to|from|near) the (?:(?:far|very|upper|lower|top|bottom) )?"
    r"(?:left|right|middle|cent(?:er|re)|back|front|top|bottom|background|foreground|"
    r"corner|distance|"
    r"edge|sky|floor|wall|table|roof|water|street|grass)(?: (?:corner|side|edge))?|"
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
    r"above|near|away|out|off|who|that|disappear|vanish|instead|anymore|here|there|here|[a-z]+er|"
    r"red|green|blue|yellow|orange|purple|pink|brown|black|white|grey|gray)\b)",
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


def number(word: str) -> float:
    """The value of "4", "1.5" or "four"; whole numbers come back as int."""
    value = NUMBERS.get(word.lower(), None)
    value = float(word) if value is None else float(value)
    return int(value) if value == int(value) else value


def read_slots(task: str, text: str) -> dict:
    """The slots of one step. task: "t2i", "edit", "sr" or "inpaint"; text: as it was written."""
    slots: dict = {}
    if match := _SEED.search(text):
        if int(match[1]) < 2**32:
            slots["seed"] = int(match[1])
        text = text[: match.start()] + text[match.end() :]
    if task == "sr":
        slots |= _target(text)
    if task == "t2i":
        slots |= _shape(text)
        if (match := _MANY.search(text)) and 2 <= number(match[1]) <= 16:
            slots["variations"] = int(number(match[1]))
        if things := [m[1].strip() for m in _WITHOUT.finditer(text)]:
            slots["without"] = things
    else:
        slots |= _picture(text)
    if task in ("edit", "inpaint"):
        slots |= _thing(text)
    return slots


def _target(text: str) -> dict:
    if match := _SIZE.search(text):
        return _pixels(width=int(match[1]), height=int(match[2]))
    if match := _WIDE.search(text):
        side = "width" if match[2].lower() in ("wide", "across", "in width") else "height"
        return _pixels(**{side: int(match[1])})
    if match := re.search(r"\b(\d{2,4})\s?dpi\b", text, re.I):
        return {"dpi": int(match[1])}
    for name, width in _NAMED.items():
        if re.search(rf"\b{name}\b", text, re.I):
            return {"width": width}
    for pattern, fixed in _SCALES:
        if match := pattern.search(text):
            scale = fixed if isinstance(fixed, int) else number(match[1])
            scale = scale / 100 if fixed == "percent" else scale
            if 1 < scale <= 16:
                return {"scale": int(scale) if scale == int(scale) else scale}
    if match := _LONG.search(text):
        return _pixels(width=int(match[1]))
    if re.search(r"\b(?:print|printing|printed|poster|billboard)\b", text, re.I):
        return {"dpi": 300}
    return {}


def _pixels(**sides: int) -> dict:
    return sides if all(16 <= side <= 16384 for side in sides.values()) else {}


def _shape(text: str) -> dict:
    if match := _SIZE.search(text):
        return _pixels(width=int(match[1]), height=int(match[2]))
    if (match := _ASPECT.search(text)) and int(match[1]) and int(match[2]):
        return {"aspect": f"{int(match[1])}:{int(match[2])}"}
    if match := _SHAPE.search(text):
        # "a landscape" alone is a thing to draw; as a format it follows something.
        if match.start() > 0 and re.search(
            r"format|orientation|aspect|mode|in |as |,", match[0], re.I
        ):
            return {"aspect": _SHAPES[match[1].lower()]}
    return {}


def _picture(text: str) -> dict:
    order = "|".join(_ORDER)
    if match := re.search(rf"\b(?:the |my )({order}) ({_PIC})\b", text, re.I):
        of = "upload" if match[2].lower() in ("upload", "photo", "photograph") else "any"
        return {"picture": {"of": of, "index": _ORDER[match[1].lower()]}}
    if match := re.search(r"\b(?:picture|image|photo|number|no\.|#)\s?#?(\d{{1,2}})\b", text, re.I):
        if int(match[1]):
            return {"picture": {"of": "any", "index": int(match[1])}}
    if re.search(
        rf"\b(?:the )?previous {_PIC}\b|\bthe (?:one|picture|version) before\b", text, re.I
    ):
        return {"picture": {"of": "previous"}}
    if re.search(rf"\b(?:the |my )original(?: {_PIC})?\b", text, re.I):
        return {"picture": {"of": "original"}}
    return {}


def _thing(text: str) -> dict:
    slots = {}
    if match := _THING.search(text):
        words = match[1].lower().split()
        if words[0] not in _PRONOUNS and words[-1] not in ("version", "picture", "image", "photo"):
            slots["thing"] = match[1].strip()
    if match := _WHERE.search(text):
        slots["where"] = match[1].strip()
    return slots


def without_settings(text: str) -> str:
    """A drawing's text without seed, size, aspect and the number of variations."""
    for pattern in (_SEED, _ASPECT):
        text = pattern.sub("", text)
    text = re.sub(rf"[,;]?\s*(?:\b(?:in|at)\s)?{_SIZE.pattern}", "", text, flags=re.I)
    if match := _MANY.search(text):
        if 2 <= number(match[1]) <= 16:
            text = text[: match.start()] + text[match.end() :]
    if (match := _SHAPE.search(text)) and _shape(text).get("aspect"):
        text = text[: match.start()]
    return " ".join(text.split()).strip(" ,;:")
