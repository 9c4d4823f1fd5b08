"""Which words of an English prompt the playground world knows, and what it knows instead."""

import difflib
import re
from functools import lru_cache

from .instruction_words import ORDERS, SAYINGS, STYLE_WORDS, TIME_WORDS, WEATHER_WORDS
from .nouns import any_of, nouns
from .phrases import COLUMN_WORDS, NUMBERS, PLACE_NOUNS, ROW_WORDS
from .vocabulary import COLORS, PLACES, SIZE_WORDS, STYLES, THINGS, TIMES, WEATHERS

# What says nothing about a picture: grammar, manners, praise, and the words of requests.
_GRAMMAR = frozenset("""
a an the this that these those some any every each both all another other one ones same such no not
none nothing nobody anyone i me my mine we us our you your yours u he him his she her hers it its
they them their who whose which what when where why how whatever there here and or but nor so then
than if because while as of in on at to from by for with without within into onto out over up down
off under beneath below above between among behind beside next near against around across along
through toward towards about inside outside instead plus minus also too only just even still again
else both either very really quite rather bit little lot much many more most less least few
several couple pair enough almost now later after before first second third last finally is are
was were be been being am do does did done doing have has had having can could may might must shall
should will would wont won't don't dont doesn't isn't aren't can't cannot didn't i'd i'm i'll i've
it's that's there's what's let's let lets please pls plz kindly thanks thank thx hi hello hey ok
okay yes yeah nah sorry sure well oh want wants wanted like likes need needs needed wish love make
makes made making get gets got give gives given show shows showing see seen look looks looking put
puts place places placed add adds added draw draws drawn drawing paint paints painted painting
create creates created generate generated render rendered design produce imagine illustrate
picture pictures image images photo photos photograph pic pics illustration scene art artwork
version versions variation variations copy style format background foreground part area spot thing
things object objects item items something someone somebody everything anything stuff way side
nice good great best better beautiful pretty lovely cute cool funny happy amazing awesome simple
detailed realistic high quality resolution hd 4k size color colour colors colours colored coloured
new old different different kind kinds type sort full whole half top bottom left right middle center
centre corner edge front back upper lower lots together alone apart away close far
standing sitting stands sits lying floating floats flying flies hovering hovers walking running
swimming
""".split())
_CAPTIONS = """illustration daytime daylit twilight evening dark nighttime night-time rainy wet
snowy wintry raining falling snowing rains snows keywords dusk snowfall greyscale grayscale
monochrome sepia tones pixelated 8-bit inverted posterized flat empty negative line pencil
furthest street mountain landscape background sky ground floor marked
larger bigger smaller selection selected brush spot"""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def _strings(data):
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _strings(key)
            yield from _strings(value)
    else:
        for value in data:
            yield from _strings(value)


@lru_cache(maxsize=1)
def _long_names() -> re.Pattern:
    """Names of several words, the longest first: an engine is nothing that the world knows."""
    names = any_of(name for name in nouns() if not name.isalpha())
    return re.compile(rf"\b(?:{names})\b", re.IGNORECASE)


@lru_cache(maxsize=1)
def world_words() -> frozenset[str]:
    """Every word, lower case, that the world's captions and instructions can be made of.

    Of things only the names of one word: "wheel" is none without "ferris".
    """
    names = [name for name in nouns() if name.isalpha()]
    data = [names, _CAPTIONS, NUMBERS, TIMES, WEATHERS,
            list(COLORS), SIZE_WORDS, STYLES, COLUMN_WORDS, ROW_WORDS, PLACE_NOUNS, ORDERS,
            SAYINGS, STYLE_WORDS, TIME_WORDS, WEATHER_WORDS,
            [(place.name, place.phrases, place.synonyms) for place in PLACES.values()]]
    text = " ".join(_strings(data)).lower()
    return frozenset(_WORD.findall(re.sub(r"\{\w+\}", " ", text)))


@lru_cache(maxsize=1)
def nameable() -> tuple[str, ...]:
    """What one can ask for, by its first name: things, places, colours."""
    return tuple(dict.fromkeys(
        (*THINGS, *(name for name in PLACES if not name.startswith("plain")), *COLORS)))


def _is_known(word: str) -> bool:
    word = word.lower().replace("’", "'")
    if word.endswith(("'s", "s'")):
        word = word.rstrip("s").rstrip("'")
    known = world_words()
    forms = [word, word.removesuffix("s"), word.removesuffix("es"), word.replace("-", "")]
    if word.endswith("ish"):
        forms.append(word[:-3])
    forms += word.split("-") if all(p in known or p in _GRAMMAR for p in word.split("-")) else []
    return any(form in known or form in _GRAMMAR for form in forms) or any(map(str.isdigit, word))


def unknown_words(text: str) -> tuple[str, ...]:
    """Content words of an English prompt that the world does not know, as written, each once.

    Grammar, numbers, politeness, single letters and the words of captions and instructions are
    never reported.
    """
    found: dict[str, str] = {}
    for word in _WORD.findall(_long_names().sub(" ", text)):
        word = re.sub(r"['’]s?$", "", word)
        if len(word) > 1 and not _is_known(word):
            found.setdefault(word.lower(), word)
    return tuple(found.values())


def closest(word: str, count: int = 4) -> list[str]:
    """The known things, places and colours spelled most like `word`, best first (difflib).

    A synonym or plural counts for what it names: "puppies" is near "dog".
    """
    spelled = {name: thing for name, (thing, _) in nouns().items()}
    spelled |= {name: name for name in nameable()}
    near = difflib.get_close_matches(word.lower(), spelled, n=4 * count, cutoff=0.0)
    return list(dict.fromkeys(spelled[name] for name in near))[:count]
