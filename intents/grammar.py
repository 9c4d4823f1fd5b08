"""A small grammar: lines with [a|b] choices and {list} slots, expanded at random.

{name} takes an item of the list `name`; {a:name} puts an article before it, {pl:name} makes it
plural. Items may hold slots themselves. {pseudo} and {gibberish} are invented words: a router
meets nouns that no list has, and key-mashing that means nothing.
"""

from __future__ import annotations

import functools
import random
import re
from dataclasses import dataclass
from pathlib import Path

from .labels import CONTEXTS, Context

DATA = Path(__file__).parent / "data"
_SYLLABLES = (
    "ba be bo bri ca cho cu da del do fa fen gi gra ha ka kel la li lo ma men mo na "
    "no pa per po qui ra ri ro sa sho si ta ter tor tu va ver vi wa wen za zo stra ble "
    "ton ick er".split()
)


@dataclass(frozen=True)
class Template:
    """One grammar line: its parsed nodes, where it may be said, whether it is an imperative."""

    line: str
    nodes: tuple
    contexts: tuple[Context, ...]
    imperative: bool


def parse(line: str) -> tuple:
    """Parse a line into nodes: str, ("alt", nodes...) or ("slot", modifier, name).

    Raises ValueError for an unbalanced bracket.
    """
    nodes, at = _sequence(line, 0, "]")
    if at != len(line):
        raise ValueError(f"unbalanced bracket in {line!r}")
    return nodes


def _sequence(line: str, at: int, stop: str) -> tuple[tuple, int]:
    nodes: list = []
    while at < len(line) and line[at] not in stop:
        if line[at] == "[":
            choices = []
            at += 1
            while True:
                choice, at = _sequence(line, at, "|]")
                choices.append(choice)
                if at >= len(line):
                    raise ValueError(f"unbalanced bracket in {line!r}")
                at += 1
                if line[at - 1] == "]":
                    break
            nodes.append(("alt", *choices))
        elif line[at] == "{":
            end = line.index("}", at)
            modifier, _, name = line[at + 1 : end].rpartition(":")
            nodes.append(("slot", modifier, name))
            at = end + 1
        else:
            end = at
            while end < len(line) and line[end] not in "[{" + stop:
                end += 1
            nodes.append(line[at:end])
            at = end
    return tuple(nodes), at


class Grammar:
    """Word lists and, per intent, templates; `expand` draws one text from a template."""

    def __init__(self, folder: Path = DATA):
        self.words: dict[str, list[tuple]] = {}
        self._plural_lists: dict[str, list[tuple]] = {}
        for line in (folder / "words.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                name, _, items = line.partition(": ")
                self.words[name] = [parse(item) for item in items.split(", ")]
        self.templates = {
            path.stem: read_templates(path) for path in sorted((folder / "grammar").glob("*.txt"))
        }

    def expand(self, nodes: tuple, rng: random.Random) -> str:
        """Draw one text, single-spaced."""
        text = "".join(self._node(node, rng) for node in nodes)
        return re.sub(r"\s+([,.!?;:])", r"\1", " ".join(text.split()))

    def _node(self, node, rng: random.Random) -> str:
        if isinstance(node, str):
            return node
        if node[0] == "alt":
            return "".join(self._node(n, rng) for n in rng.choice(node[1:]))
        _, modifier, name = node
        if name in ("pseudo", "gibberish"):
            text = invented(name, rng)
        else:
            text = "".join(self._node(n, rng) for n in rng.choice(self.words[name]))
        return {"": str, "a": with_article, "pl": plural}[modifier](text)

    def yields(self, *texts: str) -> Template | None:
        """A template that can say one of `texts`, spaces, case and punctuation aside, or None.

        Texts that end alike are read together, from several starts of the longest. Every way to
        read a template from position i is followed at once: a node maps the positions before it
        to the positions after it.
        """
        starts: dict[str, set[int]] = {}
        for text in sorted({squash(text) for text in texts}, key=len, reverse=True):
            whole = next((w for w in starts if w.endswith(text)), text)
            starts.setdefault(whole, set()).add(len(whole) - len(text))
        for text, offsets in starts.items():
            memo: dict = {}
            for templates in self.templates.values():
                for template in templates:
                    if len(text) in self._ends(template.nodes, text, offsets, memo):
                        return template
        return None

    def _ends(self, nodes: tuple, text: str, starts: set[int], memo: dict) -> set[int]:
        for node in nodes:
            starts = {end for start in starts for end in self._node_ends(node, text, start, memo)}
            if not starts:
                break
        return starts

    def _node_ends(self, node, text: str, start: int, memo: dict) -> set[int]:
        if isinstance(node, str):
            letters = squash(node)
            return {start + len(letters)} if text.startswith(letters, start) else set()
        # The grammar holds every node for good, so an id names it (a deep tuple is slow to hash).
        key = (id(node), start)
        if key not in memo:
            memo[key] = self._branch_ends(node, text, start, memo)
        return memo[key]

    def _plurals(self, name: str) -> list[tuple]:
        if name not in self._plural_lists:
            self._plural_lists[name] = [
                (plural(item[0]),) if isinstance(item[0], str) else (("slot", "pl", item[0][2]),)
                for item in self.words[name]
            ]
        return self._plural_lists[name]

    def _branch_ends(self, node: tuple, text: str, start: int, memo: dict) -> set[int]:
        if node[0] == "alt":
            return set().union(*(self._ends(n, text, {start}, memo) for n in node[1:]))
        _, modifier, name = node
        if name in ("pseudo", "gibberish"):
            return set()
        starts = {start}
        if modifier == "a":
            starts |= {start + len(a) for a in ("a", "an") if text.startswith(a, start)}
        items = self._plurals(name) if modifier == "pl" else self.words[name]
        return set().union(*(self._ends(item, text, starts, memo) for item in items))


@functools.lru_cache(maxsize=65536)
def squash(text: str) -> str:
    """Letters, digits and symbols only, lower case."""
    return re.sub(r"[\s_.,!?;:'\"()+-]", "", text.lower())


def read_templates(path: Path) -> list[Template]:
    """Read a grammar file: "@ contexts" opens a section, "!" marks an imperative."""
    templates, contexts = [], (Context(),)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            contexts = tuple(CONTEXTS[name] for name in line[1:].split())
        elif line and not line.startswith("#"):
            body = line.removeprefix("!")
            templates.append(Template(line, parse(body), contexts, body != line))
    return templates


def invented(kind: str, rng: random.Random) -> str:
    """A pronounceable word that means nothing, or a run of keys."""
    if kind == "pseudo":
        return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3)))
    row = rng.choice(["qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz"])
    return "".join(rng.choice(row) for _ in range(rng.randint(3, 9)))


def with_article(text: str) -> str:
    """Put "a" or "an" before a noun phrase."""
    return ("an " if text[:1].lower() in "aeiou" else "a ") + text


def plural(text: str) -> str:
    """The English plural of a noun phrase, by its last word's ending."""
    irregular = {
        "man": "men",
        "woman": "women",
        "child": "children",
        "mouse": "mice",
        "goose": "geese",
        "sheep": "sheep",
        "fish": "fish",
        "deer": "deer",
        "person": "people",
        "knife": "knives",
        "leaf": "leaves",
        "wolf": "wolves",
    }
    head, _, last = text.rpartition(" ")
    if last in irregular:
        last = irregular[last]
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "" if last.endswith("s") else "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()
