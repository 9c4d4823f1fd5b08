"""Prompts as people write them, by hand and not from the grammar of captions.

None of them names a held-out pair, so that what they lose against the grammar is lost to phrasing.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

import numpy as np

from mtu.playground.scene import Scene, make_item
from mtu.playground.vocabulary import COLUMNS

_FILE = Path(__file__).parent / "data" / "free_prompts.jsonl"


@dataclass(frozen=True)
class FreePrompt:
    """A text and what it asks for. time, weather: None where it leaves them open."""

    text: str
    things: tuple[str, ...]
    place: str
    time: str | None = None
    weather: str | None = None

    @property
    def unsaid(self) -> tuple[str, ...]:
        """The measures that do not apply: "time" unless the text states one."""
        return () if self.time else ("time",)


@lru_cache(maxsize=1)
def free_prompts() -> tuple[FreePrompt, ...]:
    """All of the file, in its order."""
    rows = map(json.loads, _FILE.read_text(encoding="utf-8").splitlines())
    return tuple(FreePrompt(**row | {"things": tuple(row["things"])}) for row in rows)


@lru_cache(maxsize=8)
def shuffled(seed: int) -> tuple[FreePrompt, ...]:
    """All of them in an order of the seed, with one and two things by turns while both last."""
    rng = np.random.default_rng([seed, len(free_prompts())])
    order = [free_prompts()[k] for k in rng.permutation(len(free_prompts()))]
    ones = [prompt for prompt in order if len(prompt.things) == 1]
    twos = [prompt for prompt in order if len(prompt.things) == 2]
    return tuple(prompt for pair in zip_longest(ones, twos) for prompt in pair if prompt)


def scene_of(prompt: FreePrompt, rng: np.random.Generator) -> Scene:
    """A scene with these things: sizes, columns and whatever the text leaves open are ours."""
    size = "large" if len(prompt.things) == 1 else "medium"
    columns = rng.permutation(list(COLUMNS))
    items = tuple(make_item(thing, str(column), size=size)
                  for thing, column in zip(prompt.things, columns, strict=False))
    return Scene(prompt.place, prompt.time or "day", prompt.weather or "clear", items,
                 int(rng.integers(2**31)))
