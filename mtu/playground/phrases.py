"""Noun phrases of the playground world: articles, plurals, positions, names of places.

Shared by `captions` (scenes in words) and `instructions` (edits in words). Every random choice
takes one `rng.random()`, which is several times faster than `rng.choice`.
"""

from functools import lru_cache

import numpy as np

from .scene import Item
from .vocabulary import PLACES, SIZE_WORDS, THINGS

# "in the" + noun for each place: (article, noun); article "a" agrees with what follows it
PLACE_NOUNS: dict[str, tuple[tuple[str, str], ...]] = {
    "beach": (("a", "beach"), ("a", "beach"), ("a", "sandy beach"), ("the", "seaside")),
    "desert": (("a", "desert"), ("a", "desert"), ("a", "sandy desert"), ("", "dunes")),
    "meadow": (("a", "meadow"), ("a", "meadow"), ("a", "green field"), ("a", "grassland")),
    "snow": (("a", "snowy landscape"), ("a", "snowy field"), ("a", "snowy field")),
    "ocean": (("an", "ocean"), ("the", "ocean"), ("the", "sea"), ("the", "open sea")),
    "city": (("a", "city"), ("a", "city"), ("a", "city street"), ("a", "town")),
    "mountains": (("", "mountains"), ("a", "mountain landscape"), ("the", "alps")),
    "forest": (("a", "forest"), ("a", "forest"), ("", "woods")),
    "space": (("", "space"), ("", "outer space")),
    "farm": (("a", "farm"), ("a", "farm"), ("a", "farmyard")),
    "lake": (("a", "lake"), ("a", "lake"), ("a", "lakeside")),
    "volcano": (("a", "volcano"), ("a", "volcano"), ("a", "volcanic land")),
    "moon": (("the", "moon"), ("the", "moon"), ("a", "moonscape"), ("a", "lunar surface")),
    "underwater": (("a", "seabed"), ("an", "underwater landscape"), ("a", "coral reef")),
    "room": (("a", "room"), ("a", "living room")),
} | {
    name: (("a", f"plain {name[6:]} background"), ("a", f"{name[6:]} background"))
    for name in PLACES if name.startswith("plain ")
}
COLUMN_WORDS: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left", "on the left side", "to the left", "at the left"),
    "middle": ("in the middle", "in the middle", "in the center", "in the centre"),
    "right": ("on the right", "on the right", "on the right side", "to the right", "at the right"),
}
ROW_WORDS: dict[str, tuple[str, ...]] = {
    "up": ("at the top", "high up", "in the air"),
    "down": ("at the bottom", "low down", "at the bottom"),
}
_CORNERS = {
    ("up", "left"): ("at the top left", "in the upper left", "in the top left corner"),
    ("up", "middle"): ("at the top in the middle", "at the top center", "at the upper center"),
    ("up", "right"): ("at the top right", "in the upper right", "in the top right corner"),
    ("down", "left"): ("at the bottom left", "in the lower left", "in the bottom left corner"),
    ("down", "middle"): ("at the bottom in the middle", "at the bottom center",
                         "at the lower center"),
    ("down", "right"): ("at the bottom right", "in the lower right", "in the bottom right corner"),
}
NUMBERS = ("no", "one", "two", "three", "four", "five")
_SAME_PLURAL = ("sheep", "fish")
_SAID_WITH_Y = ("unicorn", "ufo")


def pick(rng: np.random.Generator, options):
    """One of a non-empty sequence, all equally likely."""
    return options[int(rng.random() * len(options))]


@lru_cache(maxsize=8192)
def with_article(phrase: str) -> str:
    """"a cat", "an owl", "a ufo"."""
    vowel = phrase[0] in "aeiou8" and not phrase.startswith(_SAID_WITH_Y)
    return f"{'an' if vowel else 'a'} {phrase}"


@lru_cache(maxsize=1024)
def plural(name: str) -> str:
    """The plural of a thing's name or synonym."""
    for thing in THINGS.values():
        if thing.name == name and thing.plural:
            return thing.plural
    if name.endswith(_SAME_PLURAL):
        return name
    head, of, rest = name.partition(" of ")
    if head.endswith(("s", "x", "ch", "sh")):
        head += "es"
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "s"
    return head + of + rest


def name_of(thing: str, rng: np.random.Generator, synonyms: float = 0.2) -> str:
    """The thing's name or, with probability `synonyms`, one of its synonyms."""
    others = THINGS[thing].synonyms
    return pick(rng, others) if others and rng.random() < synonyms else thing


def described(item: Item, rng: np.random.Generator, size: float, color: float = 0.95,
              synonyms: float = 0.2) -> str:
    """"small red balloon": size and colour each mentioned with their probability.

    A medium size is mentioned a tenth as often, a colour only where the item has one.
    """
    words = name_of(item.thing, rng, synonyms)
    if item.color and rng.random() < color:
        words = f"{item.color} {words}"
    if rng.random() < (size * 0.1 if item.size == "medium" else size):
        words = f"{pick(rng, SIZE_WORDS[item.size])} {words}"
    return words


def row_words(item: Item, place: str, rng: np.random.Generator) -> str:
    """How high an item is: "in the sky", "on the ground", … as suits the place."""
    if PLACES[place].has_weather and place != "ocean" and rng.random() < 0.5:
        return "in the sky" if item.row == "up" else "on the ground"
    if place == "room" and item.row == "down" and rng.random() < 0.5:
        return "on the floor"
    return pick(rng, ROW_WORDS[item.row])


def position(item: Item, place: str, rng: np.random.Generator, column: bool, row: bool) -> str:
    """Where an item is, "" if neither the column nor the row is to be mentioned."""
    if column and row:
        if rng.random() < 0.6:
            return pick(rng, _CORNERS[item.row, item.column])
        return f"{row_words(item, place, rng)} {pick(rng, COLUMN_WORDS[item.column][:3])}"
    if column:
        return pick(rng, COLUMN_WORDS[item.column])
    return row_words(item, place, rng) if row else ""


def is_natural_row(item: Item) -> bool:
    """True if the item is where things of its kind usually are."""
    return item.row == THINGS[item.thing].row


def relations(first: Item, second: Item) -> tuple[str, ...]:
    """What may be said of where `first` is as seen from `second`; () if nothing clear."""
    across = second.x - first.x
    down = (second.y - second.scale / 2) - (first.y - first.scale / 2)  # of the centres
    level = abs(down) < 0.15
    if abs(across) < 0.16:
        if abs(down) < 0.25:
            return ()
        return ("above", "over") if down > 0 else ("below", "under", "beneath")
    if not level:
        return ("to the left of", "left of") if across > 0 else ("to the right of", "right of")
    side = "left" if across > 0 else "right"
    near = ("next to", "beside") if abs(across) < 0.45 else ()
    return (f"to the {side} of", f"{side} of", f"on the {side} of", *near)


def place_noun(place: str, rng: np.random.Generator, adjective: str = "",
               definite: bool = False) -> str:
    """"a rainy beach", "the beach", "dunes", "outer space"."""
    nouns = PLACE_NOUNS[place]
    if adjective:  # "the rainy sea" would be a sea known already
        nouns = tuple(pair for pair in nouns if pair[0] != "the")
    article, noun = pick(rng, nouns)
    words = f"{adjective} {noun}" if adjective else noun
    if definite and place != "space":
        return f"the {words}"
    if article in ("a", "an"):
        return with_article(words)
    return f"{article} {words}" if article else words


def finish(text: str, rng: np.random.Generator, end: str = ".") -> str:
    """Mostly as it is; sometimes with a capital, a final mark, or both."""
    roll = rng.random()
    if roll < 0.72:
        return text
    capital = text[:1].upper() + text[1:]
    if roll < 0.9:
        return capital + end
    return capital if roll < 0.95 else text + end
