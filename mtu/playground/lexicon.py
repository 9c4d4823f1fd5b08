"""The world's words in Spanish, French, German, Italian and Portuguese, read from words/*.tsv.

A file has one line per English word: its kind, the English, the forms of the other language. Kinds:
  thing, noun   "sg, sg | pl, pl"; a thing is one the world draws, a noun anything else
  place         like noun, one of the world's places or a synonym of one
  adj           an adjective; more, a comparative ("bigger"); side, "left" or "right"
  det, number, of, loc, word, verb, drop   articles and the like; words that say where; words and
                phrases with one translation; commands; politeness, which is left out
  say           a whole sentence as a regular expression with X and Y for what stands in it
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LANGUAGES = {"es": "Spanish", "fr": "French", "de": "German", "it": "Italian", "pt": "Portuguese"}
FOLDER = Path(__file__).parent / "words"
LONGEST = 8  # words in a phrase of the files

_ENDINGS = {"es": "o a os as", "pt": "o a os as", "it": "o a i e", "fr": " e s es",
            "de": " e er es en em"}
_APART = {  # contractions, as the words they are made of
    "es": {"del": "de el", "al": "a el", "conmigo": "con mi"},
    "fr": {"du": "de le", "des": "de les", "au": "à le", "aux": "à les"},
    "de": {"im": "in dem", "am": "an dem", "ins": "in das", "ans": "an das", "zum": "zu dem",
           "zur": "zu der", "beim": "bei dem", "vom": "von dem", "aufs": "auf das"},
    "it": {}, "pt": {},
}
for _prep, _stem in (("di", "de"), ("a", "a"), ("in", "ne"), ("su", "su"), ("da", "da")):
    for _end, _article in (("l", "il"), ("llo", "lo"), ("lla", "la"), ("i", "i"), ("gli", "gli"),
                           ("lle", "le"), ("ll'", "l'")):
        _APART["it"][_stem + _end] = f"{_prep} {_article}"
for _prep, _stem in (("de", "d"), ("em", "n")):
    for _article in ("o", "a", "os", "as", "um", "uma", "este", "esta", "esse", "essa"):
        _APART["pt"][_stem + _article] = f"{_prep} {_article}"
_APART["pt"] |= {"ao": "a o", "à": "a a", "aos": "a os", "às": "a as", "pelo": "por o",
                 "pela": "por a", "pro": "para o", "pra": "para"}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_CLITICS = {"fr": r"-(?:le|la|les|lui|en)$", "pt": r"-(?:l|n)?(?:o|a|os|as)$"}
_TOKEN = re.compile(r"\d+(?:[.,:x]\d+)?|[^\W\d_]+(?:-[^\W\d_]+)*'?|[,.;:!?\n]|[^\w\s]")


@dataclass(frozen=True)
class Word:
    """What a form can mean. form: as the file has it; plural: the form is (also) a plural."""

    english: str
    kind: str
    plural: bool = False


@dataclass(frozen=True)
class Lexicon:
    """One language. exact and folded: words of a form → its senses, in the order of the file;
    folded forms have no accents. says: (pattern over the folded words, English)."""

    language: str
    exact: dict[tuple[str, ...], tuple[Word, ...]]
    folded: dict[tuple[str, ...], tuple[Word, ...]]
    says: tuple[tuple[re.Pattern, str], ...]

    def at(self, tokens: list[str], start: int) -> tuple[tuple[Word, ...], int]:
        """Senses of the longest form that begins at `start`, and its length; ((), 0) for none."""
        for length in range(min(LONGEST, len(tokens) - start), 0, -1):
            words = tuple(tokens[start : start + length])
            if found := self.exact.get(words):
                return found, length
            plain = tuple(fold(word, self.language) for word in words)
            if found := self.folded.get(plain):
                return found, length
        return (), 0


def fold(text: str, language: str) -> str:
    """Without accents; in German "ä" is "ae", "ö" "oe", "ü" "ue", and "ß" "ss" everywhere."""
    if language == "de":
        text = unicodedata.normalize("NFC", text).translate(_UMLAUTS)
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return text.replace("ß", "ss").replace("œ", "oe")


def tokens_of(text: str, language: str) -> list[str]:
    """Lower-case words and marks, contractions taken apart, "it" for a pronoun on a verb."""
    text = unicodedata.normalize("NFC", text).lower()
    text = re.sub(r"[’`´]", "'", text).replace("¿", " ").replace("¡", " ")
    out: list[str] = []
    for token in _TOKEN.findall(text):
        out += _apart(token, language)
    return out


def _apart(token: str, language: str) -> list[str]:
    parts = _APART[language]
    if token in parts:
        return parts[token].split()
    if clitic := re.search(_CLITICS.get(language, r"(?!)"), token):
        return [token[: clitic.start()], "<them>" if token.endswith("s") else "<it>"]
    if language == "fr" and (match := re.fullmatch(r"(\w+)-(moi|toi|tu|vous|nous|y)", token)):
        return [match[1], match[2]]
    if language == "pt" and (match := re.fullmatch(r"(\w+)-(me|se)", token)):
        return [match[1], match[2]]
    if token.endswith("'") and language not in ("fr", "it", "pt"):
        return [token[:-1]]
    return [token]


def _forms(cell: str, language: str) -> list[str]:
    out = []
    for form in filter(None, (part.strip() for part in cell.split(","))):
        endings = _ENDINGS[language].split(" ") if form.endswith("~") else [""]
        out += [form.rstrip("~") + ending for ending in endings]
    return out


@lru_cache(maxsize=len(LANGUAGES))
def lexicon(language: str) -> Lexicon:
    """The words of one language. Raises ValueError for one that there is no file of."""
    if language not in LANGUAGES:
        raise ValueError(f"There is no dictionary of {language!r}; there are "
                         f"{', '.join(LANGUAGES)}.")
    exact: dict[tuple[str, ...], list[Word]] = {}
    says = []
    for line in (FOLDER / f"{language}.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        kind, english, cell = line.split("\t")
        if kind == "say":
            says.append((_pattern(cell, language), english))
            continue
        singular, _, plural = cell.partition("|")
        for many, forms in ((False, singular), (True, plural)):
            for form in _forms(forms, language):
                word = Word(english, kind, many)
                senses = exact.setdefault(tuple(tokens_of(form, language)), [])
                if word not in senses:
                    senses.append(word)
    folded: dict[tuple[str, ...], list[Word]] = {}
    for words, senses in exact.items():
        folded.setdefault(tuple(fold(word, language) for word in words), []).extend(senses)
    return Lexicon(language, {key: tuple(value) for key, value in exact.items()},
                   {key: tuple(value) for key, value in folded.items()}, tuple(says))


def _pattern(cell: str, language: str) -> re.Pattern:
    source = re.sub(r"\b([XY])\b", r"(?P<\1>.+?)", fold(cell, language))
    return re.compile(source)
