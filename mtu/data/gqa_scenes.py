"""GQA-Inpaint's scenes: which things a text can single out, and the text that removes one.

The rules are the authors' (Yildirim et al. 2023, arXiv 2304.03246, and their published reader).
"""

from dataclasses import dataclass

import numpy as np

POSITIONS = {"left": "at the left", "center": "at the center", "right": "at the right"}
RELATIONS = {"to the left of": "at the left of", "to the right of": "at the right of"}
PLAIN = 0.5  # of the unique things, named without a relation


@dataclass(frozen=True)
class Pair:
    """One removed object of one picture, and what its instruction is made of."""

    image: str
    object: str
    name: str
    attributes: tuple[str, ...]
    relations: tuple[tuple[str, str, tuple[str, ...]], ...]  # relation, other's name, attributes
    position: str  # "left", "center" or "right" of the centre square
    unique: bool

    @property
    def key(self) -> str:
        """The pair's name in test_instructions.json."""
        return f"i{self.image}-o{self.object}"


def pairs_of(image: str, scene: dict) -> list[Pair]:
    """The removed objects of a scene that a text can tell from the others.

    A name that more than two things bear singles out none of them, one that two bear only where
    their noted positions differ. Relations to such things, or to a namesake, are left out.
    Raises KeyError, TypeError or ValueError for a scene of another form.
    """
    objects, noted = scene["objects"], scene["image_relative_positions"]
    bearers: dict[str, list[str]] = {}
    for number, item in objects.items():
        bearers.setdefault(item["name"], []).append(number)
    clear = {number for numbers in bearers.values()
             if len(numbers) < 2 or len(numbers) == 2 and noted[numbers[0]] != noted[numbers[1]]
             for number in numbers}
    pairs = []
    for number, item in objects.items():
        if number not in clear or not item["bidirected"]:
            continue
        relations = tuple(
            (RELATIONS.get(relation["name"], relation["name"]), other["name"], _attributes(other))
            for relation in item["relations"]
            if relation["object"] in clear
            and (other := objects[relation["object"]])["name"] != item["name"])
        pairs.append(Pair(image, number, item["name"], _attributes(item), relations,
                          position(scene["width"], scene["height"], item["bbox"]),
                          len(bearers[item["name"]]) == 1))
    return pairs


def _attributes(item: dict) -> tuple[str, ...]:
    return tuple(text for text in item.get("attributes") or () if text)


def position(width: int, height: int, box: list[int]) -> str:
    """Left, center or right: the third of the centre square that a box lies in for the most part.

    box: left, top, right, bottom in pixels of the whole picture. A box over two thirds belongs to
    the left one of them if at least half of it lies there; one from the first to the last third
    is in the centre.
    """
    side = min(width, height)
    left, right = (min(max(x - (width - side) // 2, 0), side) for x in (box[0], box[2]))
    third = side // 3
    if right <= third:
        return "left"
    if left <= third:
        if right >= 2 * third:
            return "center"
        return "left" if third - left >= (right - left) / 2 else "center"
    if right <= 2 * third:
        return "center"
    if left <= 2 * third:
        return "center" if 2 * third - left >= (right - left) / 2 else "right"
    return "right"


def instruction(pair: Pair, rng: np.random.Generator) -> str:
    """"remove the red cup on the table": an attribute and one relation at random, or a position.

    A thing that is alone of its name is named without either half of the time.
    """
    thing = _named(pair.name, pair.attributes, rng)
    if pair.unique and rng.random() < PLAIN:
        return f"remove the {thing}"
    if not pair.relations:
        return f"remove the {thing} {POSITIONS[pair.position]}"
    relation, other, attributes = pair.relations[int(rng.integers(len(pair.relations)))]
    return f"remove the {thing} {relation} the {_named(other, attributes, rng)}"


def _named(name: str, attributes: tuple[str, ...], rng: np.random.Generator) -> str:
    if not attributes:
        return name
    return f"{attributes[int(rng.integers(len(attributes)))]} {name}"
