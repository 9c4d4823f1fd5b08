"""Captions of playground scenes: many different true sentences for the same scene.

A caption names every thing; place, time, weather, colour, size and position are each mentioned
with a probability of their own, more often the more unusual they are: where things are is mostly
left unsaid in the usual layout (`scene.is_usual`) and mostly said in any other. It never states
what the scene does not show.
"""

import numpy as np

from .phrases import (
    NUMBERS,
    described,
    finish,
    is_natural_row,
    name_of,
    pick,
    place_noun,
    plural,
    position,
    relations,
    with_article,
)
from .scene import Item, Scene, is_usual
from .vocabulary import PLACES, SIZE_WORDS, THINGS, TIMES, WEATHERS

_LEAD_INS = ("a picture of", "an image of", "an illustration of", "a photo of", "a scene with",
             "a drawing of", "draw", "paint", "show me", "create a picture of", "a painting of")
_TIME_ADJECTIVES = {"day": ("daytime", "daylit"), "sunset": ("sunset", "evening", "twilight"),
                    "night": ("dark", "nighttime", "night-time")}
_WEATHER_ADJECTIVES = {"rain": ("rainy", "rainy", "wet"), "snow": ("snowy", "snowy", "wintry")}
_WEATHER_CLAUSES = {"rain": ("it is raining", "rain is falling", "it's raining", "it rains"),
                    "snow": ("it is snowing", "snow is falling", "it's snowing", "it snows")}
_PART_OF_DAY = {"day": "day", "sunset": "evening", "night": "night"}
_KEYWORDS = {"day": ("day", "daylight", "daytime"), "sunset": ("sunset", "dusk", "evening"),
             "night": ("night", "nighttime", "dark"), "clear": ("clear", "clear weather"),
             "rain": ("rain", "raining", "rainy"), "snow": ("snowfall", "snowing", "falling snow")}
_STYLE_ENDS = {
    "black and white": ("in black and white", "black and white", "in monochrome", "in greyscale",
                        "in grayscale", "monochrome"),
    "sepia": ("in sepia", "sepia", "sepia-toned", "as an old photograph", "in sepia tones"),
    "pixel art": ("as pixel art", "pixel art", "pixelated", "in 8-bit style", "8-bit"),
    "sketch": ("as a pencil sketch", "as a sketch", "as a line drawing", "pencil sketch"),
    "negative": ("as a negative", "in inverted colours", "as a photo negative",
                 "with inverted colors"),
    "poster": ("as a poster", "posterized", "in flat colours", "in flat colors"),
}
_STYLE_STARTS = {
    "black and white": ("a black and white picture of", "a monochrome picture of"),
    "sepia": ("a sepia picture of", "an old photograph of"),
    "pixel art": ("pixel art of", "an 8-bit picture of"),
    "sketch": ("a pencil sketch of", "a line drawing of"),
    "negative": ("a negative of", "a photo negative of"),
    "poster": ("a poster of", "a posterized picture of"),
}


def _told(item: Item, scene: Scene, rng: np.random.Generator, where: bool = True) -> str:
    """One item in words: "a small red balloon at the top left"."""
    usual = is_usual(scene)
    words = with_article(described(item, rng, 0.12 if usual else 0.8))
    column = rng.random() < (0.15 if usual else 0.85)
    row = rng.random() < (0.08 if is_natural_row(item) else 0.85)
    if where and (column or row):
        verb = ""
        if item.row == "up" and rng.random() < 0.15:
            verb = pick(rng, ("floating ", "hovering "))
        words = f"{words} {verb}{position(item, scene.place, rng, column, row)}"
    return words


def _several(items: list[Item], rng: np.random.Generator, odds: float = 0.35) -> str:
    """Items of one kind in words: "two red balloons, one small and one large".

    odds: that sizes, or else columns, are told.
    """
    name = plural(name_of(items[0].thing, rng))
    own = THINGS[items[0].thing].color
    colors, sizes = [item.color or own for item in items], [item.size for item in items]
    same_size = len(set(sizes)) == 1
    if any(item.color for item in items) and len(set(colors)) == 1:
        name = f"{colors[0]} {name}"
    if same_size and sizes[0] != "medium" and rng.random() < odds:
        name = f"{pick(rng, SIZE_WORDS[sizes[0]])} {name}"
    words = f"{NUMBERS[len(items)]} {name}"
    details: list[str] = []
    if len(set(colors)) > 1:
        details = [f"one {color}" for color in colors]
    elif not same_size and rng.random() < odds:
        details = [f"one {pick(rng, SIZE_WORDS[size])}" for size in sizes]
    elif len({item.column for item in items}) == len(items) and rng.random() < odds:
        details = [f"one {position(item, '', rng, True, False)}" for item in items]
    return f"{words}, {' and '.join(details)}," if details else words  # caption() tidies commas


def _listed(parts: list[str], rng: np.random.Generator) -> str:
    if len(parts) < 2:
        return "".join(parts)
    last = " and " if rng.random() < 0.85 else ", "
    return ", ".join(parts[:-1]) + last + parts[-1]


def _subject(scene: Scene, rng: np.random.Generator) -> str:
    """Every thing of the scene in one list, "" for none."""
    items, usual = list(scene.items), is_usual(scene)
    if not usual and rng.random() < 0.5:
        items.reverse()
    if len({item.thing for item in items}) < len(items):
        groups: dict[str, list[Item]] = {}
        for item in items:
            groups.setdefault(item.thing, []).append(item)
        odds = 0.1 if usual else 0.9
        parts = [_several(group, rng, odds) if len(group) > 1 else _told(group[0], scene, rng)
                 for group in groups.values()]
        return _listed(parts, rng)
    if len(items) > 1 and rng.random() < 0.3:
        first, second = items[:2] if rng.random() < 0.5 else items[1::-1]
        known = relations(first, second)
        if known:
            one, other = (_told(item, scene, rng, False) for item in (first, second))
            rest = [_told(item, scene, rng) for item in items[2:]]
            return ", and ".join((f"{one} {pick(rng, known)} {other}", *rest))
    return _listed([_told(item, scene, rng) for item in items], rng)


def _air(scene: Scene, rng: np.random.Generator, time: bool, weather: bool) -> list[str]:
    """Phrases for time and weather, each following a noun: ["at night", "in the rain"]."""
    kind, part = scene.weather, _PART_OF_DAY[scene.time]
    if weather and kind != "clear" and (time or scene.time == "day") and rng.random() < 0.25:
        return [f"on a {'rainy' if kind == 'rain' else 'snowy'} {part}"]
    parts = [pick(rng, TIMES[scene.time])] if time else []
    if weather:
        words = pick(rng, WEATHERS[kind])
        if words.endswith(" day") and (time or scene.time != "day"):
            words = WEATHERS[kind][0]
        parts.append(words)
    return parts if rng.random() < 0.7 else parts[::-1]


def _keywords(scene: Scene, rng: np.random.Generator, place: bool, time: bool,
              weather: bool) -> str:
    words, told = [], set()
    for item in scene.items:
        twins = [other for other in scene.items if other.thing == item.thing]
        if len(twins) == 1:
            words.append(described(item, rng, 0.1))
        elif item.thing not in told:
            words.append(_several(twins, rng, 0.1).replace(",", ""))
        told.add(item.thing)
    if place:
        noun = PLACES[scene.place].name if rng.random() < 0.7 else \
            pick(rng, PLACES[scene.place].synonyms)
        words.insert(0 if rng.random() < 0.25 else len(words), noun)
    if time:
        words.append(pick(rng, _KEYWORDS[scene.time]))
    if weather:
        words.append(pick(rng, _KEYWORDS[scene.weather]))
    return (" " if rng.random() < 0.2 else ", ").join(words)


def _place_with(scene: Scene, rng: np.random.Generator, time: bool, weather: bool) -> str:
    """"a rainy beach at night": the place as a noun, time and weather around it."""
    adjective = ""
    if not scene.items and rng.random() < 0.6:
        adjective = "empty"
    elif weather and scene.weather in _WEATHER_ADJECTIVES and scene.place != "snow" \
            and rng.random() < 0.6:
        adjective, weather = pick(rng, _WEATHER_ADJECTIVES[scene.weather]), False
    elif time and scene.time != "day" and rng.random() < 0.3:
        adjective, time = pick(rng, _TIME_ADJECTIVES[scene.time]), False
    return " ".join((place_noun(scene.place, rng, adjective), *_air(scene, rng, time, weather)))


def _sentence(scene: Scene, rng: np.random.Generator, place: bool, time: bool,
              weather: bool) -> str:
    """Clauses: "a balloon floats at the top left of a beach, a cat is on the right"."""
    where = pick(rng, PLACES[scene.place].phrases) if place else ""
    clauses = []
    for item in scene.items:
        verb = pick(rng, ("floats", "hovers", "is") if item.row == "up" else ("is", "stands"))
        spot = position(item, scene.place, rng, True, rng.random() < 0.4)
        clauses.append(f"{with_article(described(item, rng, 0.5))} {verb} {spot}")
    if weather and scene.weather != "clear":
        clauses.append(pick(rng, _WEATHER_CLAUSES[scene.weather]))
        weather = False
    rest = [part for part in (where, *_air(scene, rng, time, weather)) if part]
    if rest and rng.random() < 0.6:
        return f"{' '.join(rest)}, {', '.join(clauses)}"
    clauses[0] = " ".join((clauses[0], *rest))
    return (", " if rng.random() < 0.7 else " and ").join(clauses)


def _styled(text: str, scene: Scene, rng: np.random.Generator, lead_in: bool) -> str:
    if lead_in and rng.random() < 0.4:
        return f"{pick(rng, _STYLE_STARTS[scene.style])} {text}"
    end = pick(rng, _STYLE_ENDS[scene.style])
    close = end.startswith(("in ", "as ")) and rng.random() < 0.6
    return f"{text}{' ' if close else ', '}{end}"


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """A random true caption of the scene, one line of 1 to about 50 words."""
    kind = PLACES[scene.place]
    place = rng.random() < 0.96 or not scene.items
    time = kind.has_time and rng.random() < (0.12 if scene.time == "day" else 0.92)
    weather = kind.has_weather and rng.random() < (0.12 if scene.weather == "clear" else 0.95)
    form, lead_in = rng.random(), False
    twins = len({item.thing for item in scene.items}) < len(scene.items)
    if form < 0.12 and (is_usual(scene) or len(scene.items) < 2):  # keywords say no places
        text = _keywords(scene, rng, place, time, weather)
    elif form < 0.22 and scene.items and not twins:
        text = _sentence(scene, rng, place, time, weather)
    elif place and (form < 0.36 or not scene.items):
        text, lead_in = _place_with(scene, rng, time, weather), True
        if scene.items:
            joint = "and" if len(scene.items) == 1 and rng.random() < 0.25 else "with"
            text = f"{text} {joint} {_subject(scene, rng)}"
    else:
        text, lead_in = _plain(scene, rng, place, time, weather)
    text = text.replace(",,", ",").replace(",:", ":").rstrip(",")
    if scene.style:
        text = _styled(text, scene, rng, lead_in)
    elif lead_in and rng.random() < 0.12:
        text = f"{pick(rng, _LEAD_INS)} {text}"
    return finish(text, rng)


def _plain(scene: Scene, rng: np.random.Generator, place: bool, time: bool,
           weather: bool) -> tuple[str, bool]:
    """Things, place, time and weather as phrases in a varied order; True if things come first."""
    subject = _subject(scene, rng)
    where = [pick(rng, PLACES[scene.place].phrases)] if place else []
    clause = ""
    if weather and scene.weather != "clear" and rng.random() < 0.25:
        clause, weather = ", " + pick(rng, _WEATHER_CLAUSES[scene.weather]), False
    air = _air(scene, rng, time, weather)
    order = rng.random()
    if order < 0.62 or not (where or air):
        there = "there is " if rng.random() < 0.06 and subject.startswith("a") else ""
        return there + " ".join((subject, *where, *air)) + clause, not there
    if order < 0.72 and air and where:
        return f"{' '.join(air)}{pick(rng, (' ', ', '))}{where[0]}, {subject}{clause}", False
    if order < 0.84 and air:
        joint = pick(rng, (" ", ", "))
        return f"{' '.join(air)}{joint}{' '.join((subject, *where))}{clause}", False
    before = " ".join((*where, *air))
    return f"{before}{pick(rng, (': ', ', ', ', '))}{subject}{clause}", False
