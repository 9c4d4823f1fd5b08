"""Instructions for playground edits: many different true sentences for the same edit.

Templates come in two kinds: orders, which politeness may surround ("could you … please?"), and
other sayings, which stand as they are. Fields: {old} the item it is about ("the small cat"),
{new} the item that comes ("a red car"), and what each kind of edit fills in itself.
"""

import numpy as np

from .edits import Edit, usual_spot
from .instruction_words import ORDERS, SAYINGS, STYLE_WORDS, TIME_WORDS, WEATHER_WORDS
from .phrases import (
    COLUMN_WORDS,
    PLACE_NOUNS,
    described,
    finish,
    is_natural_row,
    pick,
    place_noun,
    position,
    relations,
    with_article,
)
from .references import is_unique, reference
from .scene import Item, Scene
from .vocabulary import PLACES, TIMES, WEATHERS

_POLITE = (
    "please {}", "please {}", "{} please", "{}, please", "can you {}?", "could you {}?",
    "could you please {}?", "can you please {}", "would you {}?", "I want you to {}",
    "I would like you to {}", "I'd like you to {}", "now {}", "just {}", "let's {}",
    "you should {}",
)


def _with_manners(kind: str, words: dict[str, str], rng: np.random.Generator,
                  orders=(), sayings=()) -> str:
    """A random template of the kind, filled in; `orders` and `sayings` add to the kind's own."""
    orders, sayings = (*ORDERS[kind], *orders), (*SAYINGS[kind], *sayings)
    number = int(rng.random() * (len(orders) + len(sayings)))
    if number >= len(orders):
        text = sayings[number - len(orders)].format(**words)
        return f"{text}, please" if rng.random() < 0.06 else text
    text = orders[number].format(**words)
    return pick(rng, _POLITE).format(text) if rng.random() < 0.27 else text


def _new(item: Item, rng: np.random.Generator, size: float) -> str:
    return with_article(described(item, rng, size, color=1.0))


def _replace(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    words = {"old": reference(scene, edit.index, rng), "new": _new(edit.item, rng, 0.08)}
    return _with_manners("replace", words, rng)


def _add(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    item = edit.item
    usual = item == usual_spot(scene, item.thing, item.color)
    row = rng.random() < (0.08 if is_natural_row(item) else 0.9)
    where = position(item, scene.place, rng, True, row)
    if scene.items and rng.random() < 0.08:
        other = int(rng.random() * len(scene.items))
        known = relations(item, scene.items[other])
        if known:
            where = f"{pick(rng, known)} {reference(scene, other, rng, extra=0.4)}"
    elif usual and rng.random() < 0.7:
        where = ""
    kind = "add" if where else "add_anywhere"
    new = _new(item, rng, 0.1 if usual else 0.8)
    return _with_manners(kind, {"new": new, "where": where}, rng)


def _recolor(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    words = {"old": reference(scene, edit.index, rng), "color": edit.value,
             "a": with_article(edit.value)}
    sayings = ()
    if is_unique(scene, edit.index):
        bare = reference(scene, edit.index, rng, "", 0.0)
        words["bare"] = bare
        sayings = ("{a} {bare}", "I want {a} {bare}", "{color} {bare}", "a {bare} in {color}")
        if bare[0] in "aeiou":
            sayings = sayings[:3]
    return _with_manners("recolor", words, rng, sayings=sayings)


def _resize(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    words = {"old": reference(scene, edit.index, rng)}
    if len(scene.items) == 1 and rng.random() < 0.05:
        words["old"] = "it"
    bigger = edit.value == "bigger"
    words["more"] = pick(rng, ("bigger", "bigger", "larger") if bigger else ("smaller",))
    orders = ()
    if edit.item.size == "large":
        orders = ("make {old} huge", "make {old} big", "make {old} large")
    elif edit.item.size == "small":
        orders = ("make {old} tiny", "make {old} small", "make {old} little")
    return _with_manners(edit.value, words, rng, orders)


def _move(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    sides = ("the middle", "the center", "the centre") if edit.value == "middle" else \
        (f"the {edit.value}", f"the {edit.value}", f"the {edit.value} side")
    words = {"old": reference(scene, edit.index, rng), "to": pick(rng, sides),
             "where": pick(rng, COLUMN_WORDS[edit.value][:3])}
    if len(scene.items) == 1 and rng.random() < 0.05:
        words["old"] = "it"
    there = " on the " in words["old"] or " to the " in words["old"] or " in the " in words["old"]
    return _with_manners("move_from" if there else "move", words, rng)


def _place(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    words = {"new": place_noun(edit.value, rng), "old": place_noun(scene.place, rng, definite=True),
             "where": pick(rng, PLACES[edit.value].phrases),
             "name": pick(rng, PLACE_NOUNS[edit.value])[1],
             "all": pick(rng, ("everything", "it", "the scene", "this"))}
    if len(scene.items) == 1 and rng.random() < 0.5:
        words["all"] = reference(scene, 0, rng, extra=0.3)
    elif len(scene.items) > 1 and rng.random() < 0.3:
        words["all"] = "them"
    if edit.value.startswith("plain "):
        return _with_manners("plain", words | {"color": edit.value[6:]}, rng)
    return _with_manners("place", words, rng)


def _time(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    nouns, orders, sayings = TIME_WORDS[edit.value]
    words = {"new": pick(rng, nouns), "old": pick(rng, TIME_WORDS[scene.time][0]),
             "when": pick(rng, TIMES[edit.value])}
    return _with_manners("time", words, rng, orders, sayings)


def _weather(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    orders, sayings = WEATHER_WORDS[edit.value]
    when = WEATHERS[edit.value]
    if scene.time != "day":  # "on a rainy day" is not true at night
        when = tuple(words for words in when if not words.endswith(" day"))
    words = {"when": pick(rng, when)}
    # "the snow" is the ground of the place called snow, "the snowfall" never is
    snow = ("snowfall",) if scene.place == "snow" else ("snowfall", "snow", "snow")
    old = "rain" if scene.weather == "rain" else pick(rng, snow)
    if edit.value == "clear":
        words |= {"old": old, "falling": "raining" if old == "rain" else "snowing"}
    elif scene.weather != "clear":
        orders = (*orders, "turn the {old} into {new}", "replace the {old} with {new}")
        sayings = (*sayings, "{new} instead of {old}")
        words |= {"old": old, "new": "rain" if edit.value == "rain" else "snowfall"}
    return _with_manners("weather", words, rng, orders, sayings)


def _style(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    looks, things, orders, sayings = STYLE_WORDS[edit.value]
    words = {"look": pick(rng, looks), "thing": pick(rng, things),
             "this": pick(rng, ("this", "it", "the picture", "the image"))}
    return _with_manners("style", words, rng, orders, sayings)


def _remove_name(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    words = {"old": reference(scene, edit.index, rng)}
    sayings = ()
    if is_unique(scene, edit.index):
        words["bare"] = reference(scene, edit.index, rng, "", 0.0)
        sayings = ("no {bare}", "there should be no {bare}")
    return _with_manners("remove", words, rng, sayings=sayings)


def _remove_position(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    what = pick(rng, ("the thing", "the object", "whatever is", "what is", "what's", "the item",
                      "everything", "the one", "the thing that is", "whatever you see"))
    where = pick(rng, COLUMN_WORDS[edit.value][:3])
    return _with_manners("remove", {"old": f"{what} {where}"}, rng)


def _remove_mask(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    if rng.random() < 0.4:
        return _with_manners("remove", {"old": reference(scene, edit.index, rng)}, rng)
    marked = ("this", "this", "it", "that", "the marked part", "the marked area", "what I marked",
              "the selected thing", "what I painted over", "the selection", "this thing",
              "the marked thing", "everything I marked", "the thing under the brush")
    return _with_manners("remove_mask", {"old": pick(rng, marked)}, rng)


def _fill_mask(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    words = {"new": _new(edit.item, rng, 0.15),
             "area": pick(rng, ("the area", "the marked area", "the marked part", "the selection",
                                "what I marked", "this", "the marked spot", "this part"))}
    orders = sayings = ()
    if edit.index is not None:
        words["old"] = reference(scene, edit.index, rng)
        orders = ("replace {old} with {new}", "turn {old} into {new}", "swap {old} for {new}")
        sayings = ("{new} instead of {old}",)
    return _with_manners("fill_mask", words, rng, orders, sayings)


_WRITERS = {
    "replace": _replace, "add": _add, "recolor": _recolor, "resize": _resize, "move": _move,
    "place": _place, "time": _time, "weather": _weather, "style": _style,
    "remove_name": _remove_name, "remove_position": _remove_position,
    "remove_mask": _remove_mask, "fill_mask": _fill_mask,
}


def instruction(scene: Scene, edit: Edit, rng: np.random.Generator) -> str:
    """A random instruction that asks for `edit` of `scene`, in one line.

    It always suffices to find the edit: twins are told apart. Raises ValueError for a kind of
    edit that is not known.
    """
    if edit.kind not in _WRITERS:
        raise ValueError(f"There is no edit of the kind {edit.kind!r}.")
    text = _WRITERS[edit.kind](scene, edit, rng)
    return finish(text, rng, "" if text.endswith("?") else ".")
