"""Prompts as people write them, by hand and not from the grammar of captions.

None of them names a held-out pair, so that what they lose against the grammar is lost to phrasing.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

import numpy as np

from mtu.playground.scene import Scene, usual_items

_FILE = Path(__file__).parent / "data" / "free_prompts.jsonl"


@dataclass(frozen=True)
class FreePrompt:
    """A text and what it asks for, things in the order in which it names them; several of one kind
    stand as often as they are to be. time, weather: None where it leaves them open."""

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
    """All of them in an order of the seed: by turns one thing, two, three and counts, while they
    last."""
    rng = np.random.default_rng([seed, len(free_prompts())])
    order = [free_prompts()[k] for k in rng.permutation(len(free_prompts()))]
    kinds = [[prompt for prompt in order if _kind(prompt) == kind] for kind in range(4)]
    return tuple(prompt for turn in zip_longest(*kinds) for prompt in turn if prompt)


def _kind(prompt: FreePrompt) -> int:
    """Different things less one; 3 for several of a kind."""
    different = len(set(prompt.things))
    return different - 1 if different == len(prompt.things) else 3


def scene_of(prompt: FreePrompt, rng: np.random.Generator) -> Scene:
    """A scene with these things in the usual layout; what else the text leaves open is ours."""
    return Scene(prompt.place, prompt.time or "day", prompt.weather or "clear",
                 usual_items(prompt.things), int(rng.integers(2**31)))
