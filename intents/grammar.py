"""A small grammar: lines with [a|b] choices and {list} slots, expanded at random.

{name} takes an item of the list `name`; {a:name} puts an article before it, {pl:name} makes it
plural. Items may hold slots themselves. Other languages have a file each, words first, then the
templates under "= intent", and articles of their own (articles.py). {pseudo} and {gibberish} are
invented words: a router meets nouns that no list has, and key-mashing that means nothing.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
import re
from dataclasses import dataclass
from pathlib import Path

from .articles import all_articles, article, plural, with_article
from .labels import CONTEXTS, INDEX, Context

DATA = Path(__file__).parent / "data"
_SYLLABLES = (
    "ba be bo bri ca cho cu da del do fa fen gi gra ha ka kel la li lo ma men mo na "
    "no pa per po qui ra ri ro sa sho si ta ter tor tu va ver vi wa wen za zo stra ble "
    "ton ick er".split()
)


@dataclass(frozen=True)
class Template:
    """One grammar line: its parsed nodes, where it may be said, whether it is an imperative.

    weight: how often it is drawn. A line with much to say is drawn up to eight times as often as a
    fixed sentence, which would else be learnt by heart.
    """

    line: str
    nodes: tuple
    contexts: tuple[Context, ...]
    imperative: bool
    weight: float = 1.0

    @functools.cached_property
    def anchors(self) -> list[list[str]]:
        """Of each list, a text the template yields holds one, spaces and punctuation aside."""
        found = []
        for node in self.nodes:
            choices = ((node,),) if isinstance(node, str) else node[1:]
            if isinstance(node, str) or node[0] == "alt":
                if all(len(c) == 1 and isinstance(c[0], str) for c in choices):
                    words = [squash(choice[0]) for choice in choices]
                    if all(words):
                        found.append(words)
        return found


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

    def __init__(self, folder: Path = DATA, code: str = "en"):
        self.code, self.articles = code, all_articles(code)
        self.words: dict[str, list[tuple]] = {}
        self.genders: dict[str, str] = {}
        self._lists: dict[tuple[str, str], tuple] = {}
        self.templates: dict[str, list[Template]] = {}
        if code == "en":
            self._read_words((folder / "words.txt").read_text(encoding="utf-8").splitlines())
            for path in sorted((folder / "grammar").glob("*.txt")):
                intent = path.stem.partition("-")[0]
                lines = path.read_text(encoding="utf-8").splitlines()
                self.templates.setdefault(intent, []).extend(read_templates(lines))
        else:
            text = (folder / "languages" / f"{code}.txt").read_text(encoding="utf-8")
            words, *sections = text.split("\n= ")
            self._read_words(words.splitlines())
            for section in sections:
                intent, *lines = section.splitlines()
                self.templates[intent] = read_templates(lines)
        if unknown := sorted(set(self.templates) - set(INDEX)):
            raise ValueError(f"templates for an unknown intent {unknown[0]!r}")
        self.chances = {
            intent: list(itertools.accumulate(t.weight for t in templates))
            for intent, templates in self.templates.items()
        }

    def _read_words(self, lines: list[str]) -> None:
        for line in lines:
            if line and not line.startswith("#"):
                name, _, items = line.partition(": ")
                self.words[name] = [self._item(item) for item in items.split(", ")]

    def _item(self, item: str) -> tuple:
        noun, dot, gender = item.rpartition(".")
        if dot and gender in ("m", "f", "n"):
            self.genders[noun] = gender
            item = noun
        return parse(item)

    def draw(self, intent: str, rng: random.Random) -> Template:
        """A template of the intent, by weight."""
        return rng.choices(self.templates[intent], cum_weights=self.chances[intent])[0]

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
        if modifier in ("", "a", "pl"):
            return {"": str, "a": with_article, "pl": plural}[modifier](text)
        return article(self.code, modifier, self.genders.get(text, ""), text) + text

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
                    if all(any(w in text for w in words) for words in template.anchors):
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
        # A slot is read once for all templates; the grammar holds every other node for good, so an
        # id names it (a deep tuple is slow to hash).
        key = (node if node[0] == "slot" else id(node), start)
        if key not in memo:
            memo[key] = self._branch_ends(node, text, start, memo)
        return memo[key]

    def _items(self, modifier: str, name: str) -> tuple[dict[str, list[str]], list[tuple]]:
        """A list's plain words by their first letter, and its items that hold slots."""
        if (modifier, name) not in self._lists:
            items = self.words[name]
            if modifier == "pl":
                items = [
                    (plural(i[0]),) if isinstance(i[0], str) else (("slot", "pl", i[0][2]),)
                    for i in items
                ]
            plain: dict[str, list[str]] = {}
            for word in (squash(i[0]) for i in items if len(i) == 1 and isinstance(i[0], str)):
                plain.setdefault(word[:1], []).append(word)
            rest = [i for i in items if len(i) != 1 or not isinstance(i[0], str)]
            self._lists[modifier, name] = plain, rest
        return self._lists[modifier, name]

    def _branch_ends(self, node: tuple, text: str, start: int, memo: dict) -> set[int]:
        if node[0] == "alt":
            return set().union(*(self._ends(n, text, {start}, memo) for n in node[1:]))
        _, modifier, name = node
        if name in ("pseudo", "gibberish"):
            return set()
        starts = {start}
        if modifier not in ("", "pl"):
            starts |= {start + len(a) for a in self.articles if text.startswith(a, start)}
        plain, rest = self._items("pl" if modifier == "pl" else "", name)
        near = ((at, word) for at in starts for word in plain.get(text[at : at + 1], ()))
        ends = {at + len(word) for at, word in near if text.startswith(word, at)}
        return ends.union(*(self._ends(item, text, starts, memo) for item in rest))


@functools.lru_cache(maxsize=65536)
def squash(text: str) -> str:
    """Letters, digits and symbols only, lower case."""
    return re.sub(r"[\s_.,!?;:'\"()+-]", "", text.lower())


def read_templates(lines: list[str]) -> list[Template]:
    """Read grammar lines: "@ contexts" opens a section, "!" marks an imperative."""
    templates, contexts = [], (Context(),)
    for line in lines:
        if line.startswith("@"):
            contexts = tuple(CONTEXTS[name] for name in line[1:].split())
        elif line and not line.startswith("#"):
            body = line.removeprefix("!")
            nodes = parse(body)
            weight = min(2.0, 0.25 + 0.12 * _variety(nodes))
            templates.append(Template(line, nodes, contexts, body != line, weight))
    return templates


def _variety(nodes: tuple) -> float:
    """How much a template can say, in bits: a slot counts as five."""
    bits = 0.0
    for node in nodes:
        if not isinstance(node, str):
            bits += (
                5.0
                if node[0] == "slot"
                else math.log2(sum(2 ** min(_variety(choice), 15) for choice in node[1:]))
            )
    return bits


def invented(kind: str, rng: random.Random) -> str:
    """A pronounceable word that means nothing, or a run of keys."""
    if kind == "pseudo":
        return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3)))
    row = rng.choice(["qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz"])
    return "".join(rng.choice(row) for _ in range(rng.randint(3, 9)))
