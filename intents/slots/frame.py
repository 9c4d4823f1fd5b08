"""What a drawing is to be besides its subject: seed, number, shape, and what must not appear."""

from __future__ import annotations

import re

from .numbers import NUM, VAGUE, alternatives, number
from .target import SIZE, pixels

_SEED = re.compile(
    r"[.,;]?\s*\b(?:with |using |and |con |avec |mit |com )?(?:the |la |il |a |dem )?"
    r"(?:seed|semilla|graine|seme|semente|startwert)\s*(?:number|=|:|is|of|n[oº°]\.?)?\s*(\d{1,10})\b",
    re.I,
)
_SAME_SEED = re.compile(
    r"[,;]?\s*\b(?:with |using |and |keep |con |avec |mit |com )?(?:(?:the )?same seed|"
    r"la misma semilla|la m[eê]me graine|dem(?:selben| gleichen) seed|lo stesso seme|"
    r"a mesma semente)\b",
    re.I,
)
# "at 10:30" is a time of day.
_ASPECT = re.compile(
    r"[,;]?\s*(?:--ar\s*|\b(?:in|as|en|im|em)?\s*)(?<!\bat )(?<!\bum )\b([1-9]\d?)\s?:\s?"
    r"([1-9]\d?)\b(?!\s*(?:am|pm|o'clock|uhr|h)\b)(?: format| aspect(?: ratio)?)?",
    re.I,
)
_SIZE_SAID = re.compile(rf"[,;]?\s*(?:\b(?:in|at|en|em)\s)?(?:{SIZE.pattern})", re.I)
_FORMATS = (  # (words that need no more, words that count only as a format, aspect)
    (
        r"(?:phone|mobile|iphone|android|lock ?screen) wallpaper|"
        r"(?:story|stories|reel|tiktok) format",
        "",
        "9:16",
    ),
    (
        r"widescreen|(?:desktop |computer |pc )?wallpaper|fondo de pantalla|fond d'[eé]cran|"
        r"hintergrundbild|sfondo (?:del|per il) desktop|papel de parede",
        "cinematic",
        "16:9",
    ),
    (
        r"square format|formato cuadrado|format carr[eé]|quadratisch\w*|formato quadrato|"
        r"formato quadrado",
        "square|cuadrad[oa]|carr[eé]e?|quadrat[oa]?|quadrad[oa]",
        "1:1",
    ),
    (
        r"portrait (?:format|orientation|mode)|hochformat|format portrait|formato (?:vertical|"
        r"retrato|verticale)",
        "portrait|vertical|verticale",
        "2:3",
    ),
    (
        r"landscape (?:format|orientation|mode)|querformat|format paysage|formato (?:horizontal|"
        r"apaisado|orizzontale|paisagem)",
        "landscape|horizontal|apaisado|orizzontale",
        "3:2",
    ),
    (r"panoram(?:a|ic) (?:format|aspect|mode)|panoramic", "panorama", "3:1"),
)
# A word that is also a thing to draw ("a landscape of hills") counts after a comma or "in", "as".
_SHAPES = tuple(
    (
        aspect,
        re.compile(
            rf"[.,;]?\s*\b(?:in |as |as a |for a |for my |en |im |in einem |em |como )?(?:a |an )?"
            rf"(?:{sure})\b(?: aspect| ratio)?(?! of\b)"
            + (
                rf"|(?:[.,;]\s*(?:in |en |in a |as a )?|\s(?:in|as|en|em|in a|as a) )(?:{loose})"
                rf"(?: aspect| ratio| format| orientation)?\s*(?=[,.;!?]|$)"
                if loose
                else ""
            ),
            re.I,
        ),
    )
    for sure, loose, aspect in _FORMATS
)
_ALONE = re.compile(
    r"\s*(?:make it |in |as )?(square|landscape|portrait|panorama|vertical|horizontal|widescreen)"
    r"(?: format| orientation)?\s*$",
    re.I,
)
_LEADING = re.compile(
    r"^(?:an? )?((?:phone |mobile |desktop )?wallpaper) (?:of|with|showing) ", re.I
)
_MANY_WORDS = (
    r"variations?|versions?|variants?|alternatives?|options|takes|tries|variaciones|versiones|"
    r"variantes|opciones|variantes|varianten|versionen|varianti|versioni|variações|versões"
)
_SHOWN = (
    r"pictures|images|drawings|im[aá]genes|dibujos|images|dessins|bilder|immagini|disegni|imagens|"
    r"desenhos"
)
_COUNT = rf"(?:{NUM}|({alternatives(VAGUE)}))"
_MANY = re.compile(
    rf"\b(?:another |otras |d'autres |weitere |altre |outras )?{_COUNT}\s+(?:different |more |new |"
    rf"other |nuevas |nouvelles |neue |nuove |novas )?"
    rf"(?:(?:{_MANY_WORDS})(?: of|:| de| von| di)?\b|"
    rf"(?:{_SHOWN})(?:\s+(?:of|de|von|di)\b|:|\s*$))",
    re.I,
)
_MORE = re.compile(
    rf"\b(?:another {NUM}|{NUM} (?:more|others))(?: of (?:these|those|them|it|that|this))?"
    r"(?: please| pls)?\s*[.!?]*$",
    re.I,
)
_NOT = r"(?:without|with no|with nobody|no|not any|sin|sans|ohne|senza|sem|pas de|kein\w*)"
_END = (
    r"(?=$|[,.;!?:]|\s(?:and|or|in|on|at|but|with|by|under|y|o|en|et|ou|dans|avec|und|oder|im|mit|"
    r"e|con|nel|com|na|no|without|sin|sans|ohne|senza|sem|then|al|au|à|bei|am|sur|auf|sobre|sulla|"
    r"em|ao|la nuit|le soir|d[ei] (?:noche|d[ií]a|nuit|jour|notte|giorno|noite|dia))(?!\w))"
)
_WITHOUT = re.compile(
    rf"(?<!\w)(?<!\ba )(?<!\bthe ){_NOT}\s+(?:any |the |a |an |more |visible |el |la |"
    rf"los |las |de |l'|d'|les |le |den |die |das |einen? |il |lo |gli |i |un |una |o |a |os |as )?"
    rf"([^\W\d_][\w' -]*?){_END}",
    re.I,
)
_ALSO_NOT = re.compile(
    rf"\s*(?:,|or|and|nor|ni|o|ou|und|oder|et|e)\s+(?:any |no )?([^\W\d_][\w' -]*?){_END}", re.I
)
_OR_NOT = re.compile(rf"\s*(?:or|nor|ni|oder|ou|o)\s+(?:any )?([^\W\d_][\w' -]*?){_END}", re.I)
_NO_THINGS = {
    "problem",
    "idea",
    "worries",
    "thanks",
    "doubt",
    "longer",
    "matter",
    "one",
    "way",
    "name",
    "changes",
    "change",
    "noche",
    "dia",
}


def seed(text: str) -> tuple[dict, str]:
    """Slots seed or same_seed, and the text without the words that say it."""
    if match := _SEED.search(text):
        rest = text[: match.start()] + text[match.end() :]
        return ({"seed": int(match[1])} if int(match[1]) < 2**32 else {}), rest
    if match := _SAME_SEED.search(text):
        return {"same_seed": True}, text[: match.start()] + text[match.end() :]
    return {}, text


def variations(text: str) -> dict:
    """Slot variations: how many pictures are asked for."""
    match = _MANY.search(text) or _MORE.search(text)
    if not match:
        return {}
    said = next(group for group in match.groups() if group)
    count = VAGUE.get(said.lower()) or number(said)
    return {"variations": int(count)} if 2 <= count <= 16 and count == int(count) else {}


def shape(text: str) -> dict:
    """Slots width and height in pixels, or aspect; {} for "a landscape of hills"."""
    if found := pixels(text):
        return found
    if SIZE.search(text):
        return {}
    if match := _ASPECT.search(text):
        return {"aspect": f"{int(match[1])}:{int(match[2])}"}
    if _LEADING.match(text):
        phone = re.match(r"(?:an? )?(?:phone|mobile)", text, re.I)
        return {"aspect": "9:16" if phone else "16:9"}
    found = _shape(text)
    return {"aspect": found[0]} if found else {}


def _shape(text: str) -> tuple[str, re.Match] | None:
    for aspect, pattern in _SHAPES:
        if (match := pattern.search(text)) and text[: match.start()].strip(" ,;"):
            return aspect, match
    return None


def without(text: str) -> dict:
    """Slot without: the things that must not appear, in order, each once."""
    things: list[str] = []
    for match in _WITHOUT.finditer(text):
        things.append(match[1])
        # "no people, cars or text": a list goes on only where an "or" closes it
        rest = text[match.end() :]
        listed = _ALSO_NOT if re.match(r"\s*,[^,.;]+,?\s(?:or|nor|ni|oder|ou)\s", rest) else _OR_NOT
        while more := listed.match(rest):
            things.append(more[1])
            rest = rest[more.end() :]
    cleaned = [re.sub(r"^(?:no|any) ", "", thing.strip().lower()) for thing in things]
    cleaned = [thing for thing in cleaned if thing.split()[0] not in _NO_THINGS]
    return {"without": list(dict.fromkeys(cleaned))} if cleaned else {}


def without_settings(text: str) -> str:
    """A drawing's text without seed, size, aspect and the number of variations."""
    while (shorter := _less(text)) != text:
        text = shorter
    return text


def _less(text: str) -> str:
    for pattern in (_SEED, _SAME_SEED, _ASPECT):
        text = pattern.sub("", text)
    text = _SIZE_SAID.sub("", text)
    if variations(text):
        match = _MANY.search(text) or _MORE.search(text)
        text = text[: match.start()] + text[match.end() :]
    text = _LEADING.sub("", text)
    if (found := _shape(text)) and not _ALONE.match(text):
        match = found[1]
        text = text[: match.start()] + text[match.end() :]
    return " ".join(text.split()).strip(" ,;:.")
