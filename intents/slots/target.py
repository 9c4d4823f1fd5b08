"""How large: "4x", "double", "2048 px wide", "A4 at 300 dpi", "para imprimir"."""

from __future__ import annotations

import re

from .numbers import NUM, number

PIXELS = (16, 16384)  # what a side may be
SIZE = re.compile(
    r"\b(\d{2,5})\s*(?:px|pixels?)?\s*(?:x|×|\*|by|por|sur|mal|per)\s*(\d{2,5})\b"
    r"(?!\s*(?:cm|mm|in\b|inch|\"|degree))\s*(?:px|pixels?|píxeles|pixel)?",
    re.I,
)
_SIDE = (
    (
        "width",
        r"wide|across|in width|width|de ancho|de large|de largeur|breit|di larghezza|"
        r"de largura|largo|larghi",
    ),
    (
        "height",
        r"tall|high|in height|height|de alto|de haut|de hauteur|hoch|di altezza|de altura|"
        r"alto",
    ),
)
_PX = r"(?:px|pixels?|píxeles|pixeles|pixel)"
_WIDE = tuple(
    (
        side,
        re.compile(
            rf"\b(\d{{2,5}})\s*{_PX}?\s*(?:{words})\b|"
            rf"\b{side}(?: of)?:? ?(\d{{2,5}})\s*{_PX}?",
            re.I,
        ),
    )
    for side, words in _SIDE
)
_LONG = re.compile(rf"\b(\d{{3,5}})\s*{_PX}\b", re.I)
_NAMED = (
    (re.compile(r"\b8k\b", re.I), 7680),
    (re.compile(r"\b(?:4k|uhd|ultra hd)\b", re.I), 3840),
    (re.compile(r"\b2k\b", re.I), 2048),
    (re.compile(r"\b(?:full hd|1080p)\b", re.I), 1920),
    (re.compile(r"\b720p\b", re.I), 1280),
)
_TWICE = (
    r"doubles?|doubled|doubling|twice|two-?fold|2 times|al doble|el doble|duplica\w*|deux fois|"
    r"doppelt\w*|verdopp\w+|zweimal|il doppio|raddoppia\w*|due volte|o dobro|dobr[ea]r?|duplique"
)
_THRICE = (
    r"triples?|tripled|thrice|three-?fold|el triple|triplica\w*|trois fois|dreifach\w*|"
    r"verdreifach\w*|dreimal|il triplo|tre volte|o triplo|triplique"
)
_FOUR = (
    r"quadruples?|quadrupled|four-?fold|cuadruplica\w*|quatre fois|quadruple|vierfach\w*|"
    r"vervierfach\w*|viermal|quadruplica\w*|quattro volte|quatro vezes"
)
_SCALES = (
    (re.compile(rf"(?<![\d.,x]){NUM}\s?(?:x|×)(?!\s?\d)(?:\b|$)", re.I), None),
    (re.compile(rf"(?:\bx|×)\s?{NUM}\b", re.I), None),
    (re.compile(rf"\b{NUM}[- ]?(?:times|fold|veces|fois|mal|volte|vezes)\b", re.I), None),
    (
        re.compile(
            rf"\b(?:factor|faktor|facteur|fattore|fator)(?: of| de| di| von)? {NUM}\b", re.I
        ),
        None,
    ),
    (
        re.compile(
            rf"\b(?:by|por|par|um|per) {NUM}\b(?! ?(?:px|pixel|degree|%|percent|year|cm|in|°))",
            re.I,
        ),
        None,
    ),
    (
        re.compile(r"\b(\d{3,4})\s?(?:%|percent|por ciento|prozent|pour ?cent|per cento)", re.I),
        "percent",
    ),
    (re.compile(rf"\b(?:{_TWICE})\b", re.I), 2),
    (re.compile(rf"\b(?:{_THRICE})\b", re.I), 3),
    (re.compile(rf"\b(?:{_FOUR})\b", re.I), 4),
)
_MOST = 16
_DPI = re.compile(r"\b(\d{2,4})\s?(?:dpi|ppi|ppp|ppcm)\b", re.I)
_PRINT = re.compile(
    r"\b(?:print\w*|poster|billboard|imprimir|impresi[oó]n|imprimer|impression|(?:aus|be)?druck\w*|"
    r"stampa\w*|impress[aã]o)\b",
    re.I,
)
_PAPER = {
    "a0": (841, 1189),
    "a1": (594, 841),
    "a2": (420, 594),
    "a3": (297, 420),
    "a4": (210, 297),
    "a5": (148, 210),
    "a6": (105, 148),
    "us letter": (216, 279),
    "letter size": (216, 279),
}
_SHEET = re.compile(rf"\b({'|'.join(_PAPER)})\b", re.I)
_ACROSS = re.compile(
    r"\b(?:landscape|horizontal\w*|quer\w*|apaisad\w+|paysage|orizzontale)\b", re.I
)
_UNITS = {
    "cm": 1 / 2.54,
    "mm": 1 / 25.4,
    "in": 1.0,
    "inch": 1.0,
    "inches": 1.0,
    '"': 1.0,
    "pulgadas": 1.0,
    "pouces": 1.0,
    "zoll": 1.0,
    "pollici": 1.0,
    "polegadas": 1.0,
}
_MEASURE = re.compile(
    r"\b(\d+(?:[.,]\d+)?)\s*(?:cm|mm|in|\")?\s*(?:x|×|by|por|sur|mal|per)\s*(\d+(?:[.,]\d+)?)\s*"
    rf"({'|'.join(unit for unit in sorted(_UNITS, key=len, reverse=True))})(?=\W|$)",
    re.I,
)
_USUAL_DPI = 300


def target(text: str) -> dict:
    """Slots scale, width, height or dpi of an enlargement; {} where no size is said."""
    dpi = int(_DPI.search(text)[1]) if _DPI.search(text) else 0
    if sheet := _printed(text, dpi or _USUAL_DPI):
        return sheet
    if found := pixels(text):
        return found
    if 30 <= dpi <= 2400:
        return {"dpi": dpi}
    for pattern, width in _NAMED:
        if pattern.search(text):
            return {"width": width}
    if scale := _scale(text):
        return {"scale": scale}
    if match := _LONG.search(text):
        return checked(width=int(match[1]))
    return {"dpi": _USUAL_DPI} if _PRINT.search(text) else {}


def pixels(text: str) -> dict:
    """Slots width and height that are said in pixels: "512x768", "2048 px wide"."""
    if match := SIZE.search(text):
        return checked(width=int(match[1]), height=int(match[2]))
    sides = {}
    for side, pattern in _WIDE:
        if match := pattern.search(text):
            sides[side] = int(match[1] or match[2])
    return checked(**sides)


def checked(**sides: int) -> dict:
    """The sides, if each can be one; else {}."""
    return sides if all(PIXELS[0] <= side <= PIXELS[1] for side in sides.values()) else {}


def _printed(text: str, dpi: int) -> dict:
    """Pixels of a sheet of paper or of centimetres and inches: millimetres / 25.4 × dpi."""
    if match := _MEASURE.search(text):
        unit = _UNITS[match[3].lower()]
        across, down = (number(match[i]) * unit for i in (1, 2))
    elif match := _SHEET.search(text):
        across, down = (side / 25.4 for side in _PAPER[match[1].lower()])
        if _ACROSS.search(text):
            across, down = down, across
    else:
        return {}
    return checked(width=round(across * dpi), height=round(down * dpi))


def _scale(text: str) -> float | None:
    for pattern, fixed in _SCALES:
        if match := pattern.search(text):
            scale = fixed if isinstance(fixed, int) else number(match[1])
            scale = scale / 100 if fixed == "percent" else scale
            if 1 < scale <= _MOST:
                return int(scale) if scale == int(scale) else scale
    return None
