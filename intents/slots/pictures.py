"""Which picture is meant: "the second one", "the first upload", "la anterior", "das Original"."""

from __future__ import annotations

import re

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
    "6th": 6,
    "seventh": 7,
    "7th": 7,
    "eighth": 8,
    "8th": 8,
    "ninth": 9,
    "9th": 9,
    "tenth": 10,
    "10th": 10,
    "last": -1,
    "latest": -1,
    "newest": -1,
    "most recent": -1,
}
_PIC = (
    r"(?:pictures?|images?|photos?|photographs?|pics?|drawings?|versions?|variations?|results?|"
    r"shots?|uploads?|uploaded (?:picture|image|photo|one)|attachments?|one|try|attempt)"
)
_UPLOADS = ("upload", "photo", "photograph", "attachment")
_ORDERED = re.compile(rf"\b(?:the |my |your )({'|'.join(_ORDER)}) ({_PIC})\b", re.I)
_NUMBERED = re.compile(
    r"(?:\b(?:picture|image|photo|pic|version|variation|drawing|result|upload|number|no\.|imagen|"
    r"foto|versión|bild|nummer|immagine|versione|imagem|versão|número|numéro|numero)|#)\s?"
    r"(?:number |no\. ?|nr\. ?|#)?(\d{1,2})\b(?!\s?(?:x\b|%|:|px|k\b|years|people))",
    re.I,
)
_PREVIOUS = re.compile(
    rf"\b(?:the |my |your )?(?:previous|earlier|preceding|prior) {_PIC}\b|"
    r"\bthe (?:one|picture|version|image) (?:from )?before\b|\bthe last but one\b|"
    r"\b(?:la|el|a|o) anterior\b|\b(?:la|l'image|version) précédente\b|\bprécédente\b|"
    r"\b(?:das|die) (?:vorherige|vorige|letzte version)\w*\b|\b(?:la|il) precedente\b|"
    r"\b(?:imagen|versión|imagem|versão|foto) anterior\b",
    re.I,
)
# What may follow "the original" where it means a picture, not "the original building".
_FOLLOWS = (
    r"(?:and|but|or|please|pls|to|in|by|at|with|without|twice|again|now|from|for|then|instead|a|x|"
    r"as|so|is|was|upload)\b"
)
_ORIGINAL = re.compile(
    rf"\b(?:the |my )original(?: {_PIC})?\b(?! (?!{_FOLLOWS})[a-z])|"
    r"\b(?:el|la|o|a) original\b|\bl'original\b|\bdas original\b|\bl'originale\b",
    re.I,
)
_MINE = re.compile(
    r"\b(?:my (?:upload|photo|attachment)|the (?:photo|picture|image|file) "
    r"(?:that )?i (?:just )?(?:uploaded|sent|attached|gave you))\b",
    re.I,
)
# first to fifth and last, in front of a word for picture or alone at the end
_FOREIGN = (
    (1, r"primer[ao]?|premi[eè]re?|erste[ns]?|prim[ao]|primeir[ao]"),
    (2, r"segund[ao]|deuxi[eè]me|seconde?|zweite[ns]?|second[ao]"),
    (3, r"tercer[ao]?|troisi[eè]me|dritte[ns]?|terz[ao]|terceir[ao]"),
    (4, r"cuart[ao]|quatri[eè]me|vierte[ns]?|quart[ao]"),
    (-1, r"[uú]ltim[ao]|derni[eè]re?|letzte[ns]?"),
)
_FOREIGN_PIC = (
    r"imagen|foto|versión|version|dibujo|image|photo|dessin|bild|fassung|zeichnung|immagine|"
    r"versione|disegno|imagem|versão|desenho|variante"
)
_FOREIGN_ORDER = tuple(
    (
        index,
        re.compile(
            rf"\b(?:l[ae]|el|das|die|der|il|l'|a|o)\s?(?:{words})"
            rf"(?: (?:{_FOREIGN_PIC})\b|(?=\s*(?:[,.;!?]|$)))",
            re.I,
        ),
    )
    for index, words in _FOREIGN
)


def picture(text: str) -> dict:
    """Slot picture: {"of": "upload" | "any", "index": 1… or -1}, {"of": "previous"} or
    {"of": "original"}; {} where the words name none."""
    if match := _ORDERED.search(text):
        of = "upload" if match[2].lower().startswith(_UPLOADS) else "any"
        return {"picture": {"of": of, "index": _ORDER[match[1].lower()]}}
    if _PREVIOUS.search(text):
        return {"picture": {"of": "previous"}}
    if _ORIGINAL.search(text):
        return {"picture": {"of": "original"}}
    if (match := _NUMBERED.search(text)) and int(match[1]):
        of = "upload" if re.match(r"upload", match[0], re.I) else "any"
        return {"picture": {"of": of, "index": int(match[1])}}
    for index, pattern in _FOREIGN_ORDER:
        if pattern.search(text):
            return {"picture": {"of": "any", "index": index}}
    if _MINE.search(text):
        return {"picture": {"of": "upload", "index": -1}}
    return {}
