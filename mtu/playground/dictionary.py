"""Simple requests in five languages → the English the embedded model was trained on.

A plain dictionary (words/*.tsv) and a few rules of word order: adjectives go before the noun,
places take the preposition captions use ("en la playa" → "on the beach"), commands that say
"replace … with …" have patterns. No grammar beyond that: what is not found is left as it stands
and reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .known import closest, nameable, unknown_words, world_words
from .lexicon import LANGUAGES, Lexicon, fold, lexicon, tokens_of
from .word_order import Piece, english

__all__ = ["LANGUAGES", "Translation", "closest", "nameable", "translate", "unknown_words"]

_MARKS = re.compile(r"[^\w\s]")
_JOINTS = {"and": " and", "then": ", then", ",": ","}
_ENCLITIC = {"es": ("los", "las", "lo", "la", "les", "le"), "it": ("lo", "la", "li", "le")}


@dataclass(frozen=True)
class Translation:
    """text: English; unknown: words without an entry, as written, left as they were in `text`."""

    text: str
    unknown: tuple[str, ...] = ()


def translate(text: str, language: str) -> Translation:
    """A simple request or description in es, fr, de, it or pt, in English.

    Raises ValueError for another language. Text of any kind and length comes back as some text;
    quoted words and digits stay as they are.
    """
    lexicon_ = lexicon(language)
    unknown: dict[str, str] = {}
    sentences = []
    for clause, joint in _clauses(tokens_of(text, language), lexicon_):
        words = _said(clause, lexicon_, unknown)
        if words:
            sentences.append(words + joint)
    whole = _tidy(" ".join(sentences))
    return Translation(whole, _as_written(unknown, text))


def _as_written(unknown: dict[str, str], text: str) -> tuple[str, ...]:
    written = {word.lower(): word for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text)}
    return tuple(written.get(word, word) for word in unknown)


def _tidy(text: str) -> str:
    text = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
    text = re.sub(r"[,\s]+(?=[.;:!?])|^[\s,.;:!?]+", "", text)
    return re.sub(r"(?:,|\band|\bthen|\s)+$", "", text.rstrip(" ,;:.")).strip()


def _clauses(tokens: list[str], words: Lexicon) -> list[tuple[list[str], str]]:
    """Cut where a mark or "and", "then" is followed by a command; (tokens, what joins the next)."""
    out, start, i = [], 0, 0
    while i < len(tokens):
        senses, length = words.at(tokens, i)
        joint = tokens[i] if tokens[i] in ",.;:!?\n" else \
            senses[0].english if senses and senses[0].english in ("and", "then") else ""
        if not joint:
            i += length or 1
            continue
        end = i + (length or 1)
        while end < len(tokens) and (tokens[end] in ",.;:!?\n" or _is_joint(tokens, end, words)):
            joint = joint if tokens[end] in ",.;:!?\n" else words.at(tokens, end)[0][0].english
            end += max(1, words.at(tokens, end)[1])
        if joint in ".;!?\n" or _command(tokens, end, words):
            out.append((tokens[start:i], _JOINTS.get(joint, ".")))
            start = end
        i = end
    return [*out, (tokens[start:], "")]


def _is_joint(tokens: list[str], i: int, words: Lexicon) -> bool:
    senses, _ = words.at(tokens, i)
    return bool(senses) and senses[0].english in ("and", "then", "also")


def _command(tokens: list[str], i: int, words: Lexicon) -> bool:
    senses, length = words.at(tokens, i)
    while senses and senses[0].kind == "drop":
        i += length
        senses, length = words.at(tokens, i)
    if senses:
        return senses[0].kind == "verb" or senses[0].english.startswith(("make it", "add "))
    return bool(_enclitic(tokens[i], words)) if i < len(tokens) else False


def _said(tokens: list[str], words: Lexicon, unknown: dict[str, str]) -> str:
    """One clause in English: by a pattern for whole sentences, else word by word."""
    tokens = _without_manners(tokens, words)
    plain = [fold(token, words.language) for token in tokens]
    line = " ".join(plain)
    for pattern, wanted in words.says:
        match = pattern.fullmatch(line)
        if match and (filled := _filled(match, wanted, tokens, line, words, unknown)):
            return filled
    return english(_pieces(tokens, words, unknown), words.language)


def _filled(match: re.Match, wanted: str, tokens: list[str], line: str, words: Lexicon,
            unknown: dict[str, str]) -> str:
    parts = {}
    for name in match.groupdict():
        first = line[: match.start(name)].count(" ")
        last = first + match[name].count(" ") + 1
        pieces = _pieces(tokens[first:last], words, unknown)
        parts[name] = english(pieces, words.language)
        if not parts[name] or pieces[0].kind == "verb":
            return ""
        if wanted == "remove X" and pieces[0].kind in ("thing", "noun"):
            parts[name] = f"the {parts[name]}"
    text = re.sub(r"\b[XY]\b", lambda m: parts[m[0]], wanted)
    return re.sub(r"\b(it|this|that) (?:at|by) (night|day|sunset)$", r"\1 \2", text)


def _without_manners(tokens: list[str], words: Lexicon) -> list[str]:
    out, i = [], 0
    while i < len(tokens):
        senses, length = words.at(tokens, i)
        if not (senses and senses[0].kind == "drop"):
            out += tokens[i : i + max(1, length)]
        i += max(1, length)
    while out and out[0] == ",":
        out.pop(0)
    while out and out[-1] == ",":
        out.pop()
    return out


def _pieces(tokens: list[str], words: Lexicon, unknown: dict[str, str]) -> list[Piece]:
    """Every form with its likeliest meaning."""
    out: list[Piece] = []
    i = 0
    while i < len(tokens):
        senses, length = words.at(tokens, i)
        if senses:
            after = words.at(tokens, i + length)[0]
            word = _chosen(senses, out, {sense.kind for sense in after})
            form = " ".join(tokens[i : i + length])
            out.append(Piece(word.english, word.kind, word.plural, form))
        else:
            length = 1
            out += _other(tokens[i], words, unknown)
        i += length
    return out


def _chosen(senses, before: list[Piece], next_kinds: set[str]):
    """One of several meanings: "rosa" is pink beside a noun; "Löwen" by its article."""
    kinds = {word.kind for word in senses}
    if "adj" in kinds and len(kinds) > 1:
        beside = next_kinds & {"thing", "noun", "place"} and "adj" not in next_kinds or (
            before and (before[-1].kind in ("thing", "noun", "place", "adj", "of", "more")
                        or before[-1].text in ("it", "them")))
        return next(word for word in senses if (word.kind == "adj") == bool(beside))
    both = [word for word in senses if word.kind == senses[0].kind]
    if len({word.plural for word in both}) > 1 and both[0].english == both[-1].english:
        det = next((p for p in reversed(before) if p.kind in ("det", "number")), None)
        single = det is not None and det.kind == "det" and det.form not in ("die", "les", "alle")
        many = not single and (det is not None or not before)
        return next(word for word in both if word.plural == many)
    return senses[0]


def _other(token: str, words: Lexicon, unknown: dict[str, str]) -> list[Piece]:
    """A token that no form fits: a pronoun or a verb with one, a number, English, or unknown."""
    if token in ("<it>", "<them>"):
        return [Piece(token.strip("<>"), "word")]
    if verb := _enclitic(token, words):
        return verb
    if not _MARKS.sub("", token) or token[0].isdigit() or token == "_":
        return [Piece(token, "mark" if token in ",.;:!?" else "word")]
    if token in world_words():
        return [Piece(token, "thing" if token in nameable() else "word")]
    if len(token) > 1:
        unknown.setdefault(token, token)
    return [Piece(token, "noun")]


def _enclitic(token: str, words: Lexicon) -> list[Piece]:
    """"quítalo" → remove it; "renderlo" → make it; [] for a word that is no such thing."""
    for ending in _ENCLITIC.get(words.language, ()):
        stem = token.removesuffix(ending)
        if stem == token:
            continue
        for form in (stem, stem + "e"):
            senses, _ = words.at([form], 0)
            if senses and senses[0].kind == "verb":
                many = ending in ("los", "las", "les", "li") or ending == "le" and \
                    words.language == "it"
                return [Piece(senses[0].english, "verb"), Piece("them" if many else "it", "word")]
    return []
