"""Translated words put into English order, with the phrases that captions and instructions use."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .phrases import plural, with_article
from .vocabulary import COLORS, PLACES, SIZE_WORDS

_PLACED = {place.name: place.phrases[0] for place in PLACES.values()} | {
    "seaside": "at the seaside", "dunes": "among the dunes", "field": "in a field",
    "snowy landscape": "in a snowy landscape", "town": "in a town", "alps": "in the alps",
    "woods": "in the woods", "living room": "in the living room",
    "moonscape": "in a moonscape", "lunar surface": "on the lunar surface",
    "seabed": "on the seabed", "coral reef": "on a coral reef",
    "underwater landscape": "in an underwater landscape",
}
_NOUNS = ("thing", "noun", "place")
_MAKE = ("make", "paint", "color", "turn", "change")
_SMALL_FIRST = {word: 0 for words in SIZE_WORDS.values() for word in words} | {
    word: 2 for word in (*COLORS, "white", "black", "grey", "brown")}
_ADVERBIAL = {"on the left": "to the left", "on the right": "to the right",
              "in the middle": "to the middle"}


@dataclass(frozen=True)
class Piece:
    """One translated form. kind: see lexicon; plural: the form was one; form: as it was said."""

    text: str
    kind: str
    plural: bool = False
    form: str = ""


def english(pieces: list[Piece], language: str) -> str:
    """The clause in English. Word order is English's already in German, the verb aside."""
    pieces = [piece for piece in pieces if piece.kind != "drop"]
    pieces = _verb_first(pieces) if language == "de" else _partitives(pieces)
    pieces = _colour_named(pieces)
    pieces = _pronouns(pieces)
    pieces = _adjectives(pieces, language)
    pieces = _places(pieces)
    pieces = _prepositions(pieces)
    return _spelled(pieces)


def _verb_first(pieces: list[Piece]) -> list[Piece]:
    """"den Hund entfernen" → remove the dog."""
    if len(pieces) > 1 and pieces[-1].kind == "verb" and pieces[0].kind != "verb":
        return [pieces[-1], *pieces[:-1]]
    return pieces


def _partitives(pieces: list[Piece]) -> list[Piece]:
    """"ajoute des arbres" says no more than trees: "of the" where a noun phrase begins goes."""
    def begins(i: int) -> bool:
        return i == 0 or pieces[i - 1].kind == "verb" or \
            pieces[i - 1].text in ("and", "with", "without", ",")

    return [
        piece for i, piece in enumerate(pieces)
        if not (piece.kind == "of" and begins(i))
        and not (piece.text == "the" and i and pieces[i - 1].kind == "of" and begins(i - 1))
    ]


def _colour_named(pieces: list[Piece]) -> list[Piece]:
    """"de color rojo", "couleur rouge" → red, unless the colour itself is what is spoken of."""
    out: list[Piece] = []
    for i, piece in enumerate(pieces):
        following = pieces[i + 1] if i + 1 < len(pieces) else None
        named = following is not None and following.kind == "adj"
        if piece.text == "color" and named and out and out[-1].kind in (*_NOUNS, "of"):
            if out[-1].kind == "of":
                out.pop()
            continue
        if piece.kind == "of" and named and out and out[-1].kind in (*_NOUNS, "word"):
            continue
        out.append(piece)
    return out


def _pronouns(pieces: list[Piece]) -> list[Piece]:
    """An article with no noun behind it is a pronoun: "quita la" → remove it."""
    out = []
    for i, piece in enumerate(pieces):
        following = pieces[i + 1].kind if i + 1 < len(pieces) else ""
        if piece.kind == "det" and piece.text in ("the", "this", "these") and following not in (
                *_NOUNS, "adj", "side", "number", "more", "det"):
            many = piece.form in ("los", "las", "les", "gli", "os", "as", "i")
            word = "them" if many else "it" if piece.text == "the" else piece.text
            piece = Piece(word, "word")
        out.append(piece)
    return out


def _adjectives(pieces: list[Piece], language: str) -> list[Piece]:
    """Adjectives before their noun, sizes before colours; left and right behind it.

    Behind "make the cat" an adjective says what it is to become and stays where it is.
    """
    out: list[Piece] = []
    i = 0
    while i < len(pieces):
        if pieces[i].kind not in _NOUNS:
            out.append(pieces[i])
            i += 1
            continue
        end = i + 1
        while language != "de" and end < len(pieces) and (
                pieces[end].kind in ("adj", "side") or _joins(pieces, end)):
            end += 1
        behind = [piece for piece in pieces[i + 1 : end]]
        if _predicate(out, pieces[end:], behind):
            out += pieces[i:end]
        else:
            out = _before(out, pieces[i], behind)
        i = end
    return out


def _joins(pieces: list[Piece], i: int) -> bool:
    return pieces[i].text == "and" and pieces[i - 1].kind == "adj" and \
        i + 1 < len(pieces) and pieces[i + 1].kind == "adj"


def _predicate(before: list[Piece], after: list[Piece], behind: list[Piece]) -> bool:
    verb = next((piece.text for piece in before if piece.kind == "verb"), "")
    start = len(before)
    while start and before[start - 1].kind in ("adj", "number"):
        start -= 1
    definite = start and before[start - 1].kind == "det" and before[start - 1].text != "a"
    told = any(piece.kind in ("adj", "more") for piece in after)
    return bool(verb in _MAKE and definite and behind and not told
                and not any(piece.kind == "side" for piece in behind))


def _before(out: list[Piece], noun: Piece, behind: list[Piece]) -> list[Piece]:
    start = len(out)
    while start and out[start - 1].kind in ("adj", "side"):
        start -= 1
    words = [*out[start:], *behind]
    sides = [Piece(f"on the {piece.text}", "word") for piece in words if piece.kind == "side"]
    words = [piece for piece in words if piece.kind != "side"]
    if not any(piece.text == "and" for piece in words):
        words.sort(key=lambda piece: _SMALL_FIRST.get(piece.text, 1))
    return [*out[:start], *words, noun, *sides]


def _places(pieces: list[Piece]) -> list[Piece]:
    """A preposition before a place becomes the one captions use; a background stands on."""
    out: list[Piece] = []
    i = 0
    while i < len(pieces):
        piece = pieces[i]
        end = i + 1
        while end < len(pieces) and pieces[end].kind in ("det", "adj"):
            end += 1
        noun = pieces[end] if end < len(pieces) else None
        if piece.kind == "loc" and noun is not None and noun.kind == "place":
            between = [p.text for p in pieces[i + 1 : end] if p.kind == "adj"]
            out.append(Piece(_placed(noun.text, piece.text, between), "word"))
            i = end + 1
        elif piece.kind == "loc" and noun is not None and noun.text == "background":
            inner = pieces[i + 1 : end]
            if not any(p.kind == "det" for p in inner):
                inner = [Piece("a", "det"), *inner]
            out += [Piece("on", "word"), *inner, noun]
            i = end + 1
        else:
            out.append(piece)
            i += 1
    return out


def _placed(place: str, said: str, adjectives: list[str]) -> str:
    phrase = _PLACED.get(place, f"in the {place}")
    if said == "by":
        return f"by the {' '.join((*adjectives, place))}"
    if not adjectives:
        return phrase
    first = phrase.split()[0]
    noun = " ".join((*adjectives, place))
    return f"{first} {noun if place == 'space' else with_article(noun)}"


def _prepositions(pieces: list[Piece]) -> list[Piece]:
    """What the verb decides: "to the left" after move, no "to" after remove, no "in" before the
    colour something is painted in."""
    verb = next((piece.text for piece in pieces if piece.kind == "verb"), "")
    out: list[Piece] = []
    for i, piece in enumerate(pieces):
        following = pieces[i + 1] if i + 1 < len(pieces) else None
        if verb == "move":
            piece = Piece(_ADVERBIAL.get(piece.text, piece.text), piece.kind, piece.plural)
        if verb and verb != "move" and i and pieces[i - 1].kind == "verb" and \
                (piece.text == "to" or piece.kind == "loc" and piece.form in ("à", "a")):
            continue
        if verb == "turn" and piece.text == "in" and piece.kind == "loc":
            piece = Piece("into", "word")
        if piece.kind in ("loc", "of") and verb in _MAKE and following is not None and \
                following.kind == "adj" and i + 2 == len(pieces):
            continue
        out.append(piece)
    return out


def _spelled(pieces: list[Piece]) -> str:
    words, many = [], False
    for i, piece in enumerate(pieces):
        text = piece.text
        if piece.kind == "number":
            many = True
        elif piece.kind in _NOUNS:
            if piece.kind != "place" and (piece.plural or many):
                text = plural(text)
            many = False
        elif piece.kind not in ("adj",):
            many = False
        if piece.text == "a" and piece.kind == "det":
            following = next((p for p in pieces[i + 1 :] if p.kind in _NOUNS), None)
            if following is not None and following.plural:
                continue
        words.append(text)
    line = " ".join(words)
    line = re.sub(r"\b(make|put|turn|set|change|draw|show) (it|this|everything) (?:at|by) "
                  r"(night|day|sunset)\b", r"make \2 \3", line)
    line = re.sub(r"\b(make|put|turn|set|change) (it|this) in (black and white|sepia)\b",
                  r"make \2 \3", line)
    return re.sub(r"\ban? (?=(\w[\w-]*))", lambda m: with_article(m[1])[: -len(m[1])], line)
