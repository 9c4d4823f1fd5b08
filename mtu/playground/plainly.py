"""Prompts as people write them, in the words that captions are made of.

A model this small has read captions alone: what it knows it draws from "two penguins in the snow",
and much less of it from "two penguins waddling about, snow everywhere". So a prompt is read for the
things it names, how many, and their place, time and weather, and said as a caption says them. A
prompt that says more than that (where things stand, what is not there, a style), names two places
or nothing known, or is a caption already, is left as it is.
"""

import re
from functools import lru_cache

from .everyday import everyday
from .known import world_words
from .nouns import LOOKS, SIZES_SAID, any_of, looks_before, nouns
from .phrases import NUMBERS, plural, with_article
from .vocabulary import COLORS, PLACES, STYLES, TIMES, WEATHERS

_COUNTS = {"2": "two", "3": "three", "4": "four", "5": "five", "couple": "two", "pair": "two",
           "both": "two", "twin": "two", "double": "two", "trio": "three", "triplet": "three",
           **{word: word for word in NUMBERS[2:]}}
# what a plain list of things cannot take over: where they stand, what is missing, styles
_MORE = re.compile(
    r"\b(left|right|top|middle|cent(?:er|re)|corners?|upper|lower|high up|low down"
    r"|in the (?:air|sky)|on the (?:floor|ground)|above|below|beneath|behind|beside|between"
    r"|no|not|without|except|nobody|never|instead|empty|all|each|every|\w+n't"
    rf"|{'|'.join(word for words in STYLES.values() for word in words)}"
    r"|sketch(?:ed)?|poster|negative|pixels?|sepia|drawing|photo(?:graph)?)\b", re.IGNORECASE)
# words that may stand between a number and its thing: none of those that begin another part
_BETWEEN = (r"(?!(?:and|or|with|in|on|at|by|to|of|for|from|near|over|under|a|an|the|this|that|some"
            r"|my|our|his|her|its|their|is|are)\b)")
_RELATED = (r"\b(?:over|under|on top of|inside|atop|on|near|next to|in front of) "
            r"(?:an?|the|its|his|her|my) $")
_TIMES = {
    "night": r"night(?:time|-time)?|tonight|midnight|moonlight|after dark|(?:in the )?dark",
    "sunset": r"sunset|sundown|dusk|twilight|evening|nightfall|sun (?:goes|going|is going) down",
    "day": r"daylight|daytime|by day|during the day|in the day|high noon",
}
_WEATHERS = {
    "rain": r"rain|rains|rained|raining|rainy|raindrops|rainfall|wet",
    "snow": r"snows|snowing|snowfall|snowflakes|snowstorm|(?:falling|fresh) snow"
            r"|snow(?: is)? (?:falling|coming down)|snowy (?:day|evening|night|weather)",
    "clear": r"clear (?:weather|sky|skies|day)",
}
SEVERAL = "several"  # more than one place, time or weather
_TO = r"(?:on|in|at|by|to|from|near|into|onto|through|across|over|around|off|along|outside|via)"
_THE = r"(?:an?|the|this|some|my|our)"
_PLACES = {
    "beach": r"beach(?:es)?|sea(?:side|shore)|shore|(?:by|near) the sea",
    "desert": r"deserts?|dunes?",
    "meadow": r"meadows?|(?<!snowy )fields?|grass(?:land)?|lawn",
    "snow": rf"{_TO} (?:the |deep |thick |white )*snow"
            r"|snowy (?:field|landscape|land|ground|plain)s?|snow everywhere"
            r"|snow on the ground|snowscape",
    "ocean": r"oceans?|open sea|(?:out )?at sea|[io]n the sea|on the (?:water|waves)|waves",
    "city": r"cit(?:y|ies)|town|downtown|skyline|city street|streets?|skyscrapers",
    "mountains": r"mountains?|mountainside|alps",
    "forest": r"forests?|woods|woodland|jungle|among the trees",
    "space": rf"outer space|{_TO} space|among the stars|galaxy|cosmos",
    "farm": r"farm(?:yard|land)?s?|barn(?:yard)?",
    "lake": r"lake(?:side|shore)?s?|lake shore",
    "volcano": r"volcano(?:es|s)?|volcanic land|lava",
    "moon": r"on the (?:surface of the )?moon|moonscape|lunar surface|craters",
    "underwater": r"underwater|under ?water|under the (?:sea|ocean|water|waves)|seabed|coral reef"
                  r"|(?:at|on) the bottom of the (?:sea|ocean)|sea floor|seafloor",
    "room": r"indoors|living ?room|(?:in|inside) (?:a|the|my|our) (?:\w+ )?(?:bed)?room",
} | {name: rf"(?:plain )?{name.removeprefix('plain ')} back(?:ground|drop)|{name}"
     for name in PLACES if name.startswith("plain ")}
_LOOSE = ("snow", "snowy", "space", "moon", "sea", "water", "room", "background", "wintry")
# a place -> those that also hold it: "a snowy farm" and "a lake shore" are one place each
_INSIDE = {"ocean": ("beach", "underwater"), "beach": ("lake",), "snow": ("mountains",)}


def plainly(text: str) -> str:
    """An English prompt for a drawing as a caption of the world, or as it is (see above)."""
    text = everyday(text)
    asked = " ".join(text.lower().replace("’", "'").split())
    if _MORE.search(_things().sub(" ", asked)):
        return text
    rest, place = _place_in(asked)
    rest, time = _one_of(_TIMES, rest)
    rest, weather = _one_of(_WEATHERS, rest)
    things, uncounted = _things_in(rest)
    if not 0 < len(things) < 4 or SEVERAL in (place, time, weather):
        return text
    if _rest_says_more(rest, uncounted):
        return text
    if _is_caption(asked) and not uncounted:
        return text
    words = [" and ".join((", ".join(things[:-1]), things[-1])) if things[1:] else things[0]]
    words.append(PLACES[place].phrases[0] if place else "")
    words.append(TIMES[time][0] if time else "")
    words.append(WEATHERS[weather][0] if weather else "")
    return " ".join(filter(None, words))


@lru_cache(maxsize=1)
def _caption_words() -> frozenset[str]:
    return world_words() | frozenset(
        "floats hovers floating hovering flying beside next create painting it's".split())


def _is_caption(asked: str) -> bool:
    """True if captions could have all of these words."""
    others = _things().sub(lambda thing: asked[thing.start() : thing.start(2)] + " ", asked)
    return all(word in _caption_words() for word in re.findall(r"[\w'-]+", others))


def _one_of(patterns: dict[str, str], text: str) -> tuple[str, str | None]:
    """The text without what tells one of these, and which; SEVERAL if it tells more than one."""
    found = []
    for name, pattern in patterns.items():
        text, count = re.subn(rf"\b(?:{pattern})\b", " | ", text)
        found += [name] * bool(count)
    return text, found[0] if len(found) == 1 else SEVERAL if found else None


def _place_in(text: str) -> tuple[str, str | None]:
    """The same for places, with the words that lead there; the one a wider one holds counts."""
    found, rest = [], text
    look = rf"(?!(?:{any_of(nouns())})\b)\w+"  # a word that is no thing
    for name, pattern in _PLACES.items():
        whole = rf"(?:\b{_TO} (?:{_THE} )?(?:{look} )?)?\b(?:{pattern})\b"
        if re.search(rf"\b(?:{pattern})\b", text):
            found.append(name)
            rest = re.sub(whole, " | ", rest)
    for wide, narrow in _INSIDE.items():
        if wide in found and any(name in found for name in narrow):
            found.remove(wide)
    return rest, found[0] if len(found) == 1 else SEVERAL if found else None


@lru_cache(maxsize=1)
def _things() -> re.Pattern:
    """Things, with their number and looks before them; "three very sleepy cats" are three."""
    names, counts = any_of(nouns()), any_of(_COUNTS)
    word = rf"{_BETWEEN}(?!(?:{names}|{counts}|{LOOKS})\b)[\w'-]+,? "
    return re.compile(rf"\b(?:({counts})(?: of)? (?:{word}){{0,3}})?"
                      rf"({looks_before(names)})({names})\b")


def _things_in(text: str) -> tuple[list[str], bool]:
    """Each thing once, as a caption names it: "two red balloons"; and whether there are some whose
    number is not said, which are then two. A thing named again says what was not said before, not
    that there is another."""
    found: dict[str, tuple[str, str]] = {}
    uncounted = False
    for match in _things().finditer(text):
        count, looks, name = match[1], match[2].replace(",", ""), match[3]
        thing, many = nouns()[name]
        before = found.get(thing, ("", ""))
        number = _COUNTS[count] if count else before[0] or ("two" if many else "")
        uncounted |= many and not count
        found[thing] = (number, looks or before[1])
    return [f"{number} {looks}{plural(thing)}" if number else with_article(f"{looks}{thing}")
            for thing, (number, looks) in found.items()], uncounted


def _rest_says_more(text: str, uncounted: bool) -> bool:
    """True if a colour, a size or a word for a place belongs to nothing that was taken over, or a
    number to things whose number was not, or one thing stands on another."""
    for match in _things().finditer(text):
        if re.search(_RELATED, text[: match.start()]):
            return True
    left = _things().sub(" ", text)
    more = (*COLORS, *SIZES_SAID, *_LOOSE, *(_COUNTS if uncounted else ()))
    return bool(re.search(rf"\b(?:{any_of(more)})\b", left))
