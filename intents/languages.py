"""Which language a message is in: words, letters and endings that give it away.

A few dozen words of each language settle a sentence (Grefenstette 1995, "Comparing two language
identification schemes"); messages here are short, so the words are those said to a picture
program, and letters and endings help where no listed word is met.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from .grammar import DATA
from .text import clean

LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_MOST_WORDS, _MOST_CHARS = 40, 1000
# In a file of templates: comments, headings, contexts, the names of lists and genders.
_NOT_SAID = re.compile(r"(?m)^(#.*|= .*|@.*|\w+:)|\{\w*:?\w+\}|\.[mfn]\b")
# Letters met in few languages, and what one of them says. "other": none of the six.
_LETTERS = {
    "¿¡ñ": ("es",),
    "ß": ("de",),
    "äöü": ("de", "other"),
    "ãõ": ("pt",),
    "ç": ("fr", "pt", "other"),
    "êâîôûœëï": ("fr",),
    "ìò": ("it",),
    "åøæłżźśćńęąşğıčřěůžšđőűțșơưăạảấầẩậắằẳặẹẻẽếềểệỉịọỏốồổộớờởợụủứừửựỳỵ": ("other",),
}
_ENDINGS = {
    "es": "ción ciones dad ando iendo ado ada illo illa ito ita ías alo ala arlo arla rla rlo",
    "fr": "tion eux euse ment eau eaux ette oir ois ait ez ant ée és age aire",
    "de": "ung ungen lich keit heit chen sch cht ern ieren iere igen ig el",
    "it": "zione zioni ando endo etto etta ino ina ello ella ato ata ire ere ilo ila alo ala gli",
    "pt": "ção ções dade ando endo inho inha eiro eira agem ões ado ada ar",
    "en": "ing tion ness ly ght ck sh ed ful ous able er ers ey th wn",
}
_SAY = {letter: codes for letters, codes in _LETTERS.items() for letter in letters}
_TAILS: dict[str, list[str]] = {}
for _code, _endings in _ENDINGS.items():
    for _ending in _endings.split():
        _TAILS.setdefault(_ending, []).append(_code)


def language(text: str) -> str:
    """The ISO code of the language: one of LANGUAGES, or "other".

    "en" where nothing tells, as in one or two names. At most the first 40 words are read.
    """
    text = clean(text[:_MOST_CHARS])
    words = _WORD.findall(text)[:_MOST_WORDS]
    letters = [c for word in words for c in word if c.isalpha()]
    foreign = sum(not _latin(c) for c in letters)
    if foreign * 2 > len(letters):
        return "other"
    scores = dict.fromkeys((*LANGUAGES, "other"), 0.0)
    known = _words()
    strangers: dict[str, float] = {}
    for word in words:
        codes = known.get(_fold(word), ())
        for code in codes or _by_ending(word):
            # Short words are shared by many languages and prove little; endings prove less.
            weight = 0.3 if not codes else (0.7 if len(word) < 3 else 1.0) / len(codes) ** 0.5
            if code in scores:
                scores[code] += weight
            else:
                strangers[code] = strangers.get(code, 0.0) + weight
    for letter in text:
        for code in _SAY.get(letter, ()):
            scores[code] += 1.2
    scores["other"] += max(strangers.values(), default=0.0)
    scores["en"] += 0.2
    best = max(scores, key=scores.__getitem__)
    if best == "other":
        # Asking needlessly costs little, but English must be in clear retreat before it is done.
        return "other" if scores["other"] > scores["en"] + 0.5 else "en"
    return best


def _by_ending(word: str) -> list[str]:
    if len(word) < 5:
        return []
    for size in (5, 4, 3, 2):
        if codes := _TAILS.get(word[-size:]):
            return codes
    return []


@functools.lru_cache(maxsize=1)
def _words() -> dict[str, tuple[str, ...]]:
    """Folded word → codes of the languages that have it: those of languages.txt, and those the
    training templates of each language are made of."""
    found: dict[str, dict[str, None]] = {}
    for line in (DATA / "languages.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, words = line.partition(": ")
            for word in words.split():
                found.setdefault(_fold(word), {})[code] = None
    files = {code: DATA / "languages" / f"{code}.txt" for code in LANGUAGES[1:]}
    for code, path in ({"en": DATA / "words.txt"} | files).items():
        text = _NOT_SAID.sub(" ", path.read_text(encoding="utf-8"))
        for word in _WORD.findall(text.lower()):
            found.setdefault(_fold(word), {})[code] = None
    return {word: tuple(codes) for word, codes in found.items()}


@functools.lru_cache(maxsize=4096)
def _fold(word: str) -> str:
    """Without accents: many people type none."""
    word = word.replace("ß", "ss")
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


@functools.lru_cache(maxsize=4096)
def _latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")
