"""The training corpus: the grammar's texts, said politely or curtly, and mistyped.

Nothing of the held-out files gets in: a text is dropped when its normalised edit distance to a
held-out utterance is below MIN_DISTANCE. `NearDuplicates` is what the tests use too.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

from .grammar import DATA, Grammar, Template
from .labels import INTENTS, Example, read_examples
from .languages import LANGUAGES

HELDOUT = DATA / "heldout.jsonl"
HELDOUT_STYLES = DATA / "heldout_styles.jsonl"
HELDOUT_STRANGERS = DATA / "heldout_strangers.jsonl"
HELDOUT_LANGUAGES = {code: DATA / f"heldout_{code}.jsonl" for code in (*LANGUAGES[1:], "other")}
DEV, DEV_STYLES = DATA / "dev.jsonl", DATA / "dev_styles.jsonl"
DEV_PLAIN, DEV_MORE = DATA / "dev_plain.jsonl", DATA / "dev_more.jsonl"
DEV_FILES = (DEV, DEV_STYLES, DEV_PLAIN, DEV_MORE)
# About three of four training texts are English; the other languages share the rest.
ENGLISH_SHARE = 0.74
MIN_DISTANCE = 0.2

_POLITE = (
    "please",
    "pls",
    "can you",
    "could you",
    "could you please",
    "can you please",
    "can u",
    "would you",
    "will you",
    "i want you to",
    "i'd like you to",
    "i need you to",
    "let's",
    "go ahead and",
    "kindly",
    "try to",
    "now",
    "just",
    "you could",
    "you should",
    "also",
    "plz",
    "now please",
    "i would like to",
    "i want to",
    "how can i",
    "is it possible to",
    "help me",
    "help me to",
    "we need to",
    "i need to",
    "quickly",
    "would it be possible to",
    "do you think you could",
    "may i ask you to",
    "next,",
    "and",
)
_OPENERS = (
    "hi,",
    "hello!",
    "hey,",
    "ok,",
    "ok so",
    "hmm,",
    "well,",
    "great!",
    "nice,",
    "thanks!",
    "good morning,",
    "so",
    "alright,",
    "cool,",
    "um,",
    "hey there,",
    "perfect.",
    "wow,",
    "yes,",
    "no,",
    "actually,",
    "sorry,",
    "oh and",
    "dear onebrush,",
)
_CLOSERS = (
    "please",
    "pls",
    "thanks",
    "thank you",
    "for me",
    "if you can",
    "if possible",
    "asap",
    "ok",
    "thx",
    "now",
    "would you",
    "for my mum",
    "for a friend",
    "for my website",
    "that would be great",
    "it's for school",
    "will you",
    "as soon as you can",
)
_BEFORE = (
    "my son will love this.",
    "it's for my mum's birthday.",
    "i have an idea.",
    "one more thing.",
    "sorry to bother you again.",
    "i'm not good at this.",
    "we need it for school.",
    "this is urgent.",
    "you did great before.",
    "last one for today:",
    "hope you can help.",
    "i like where this is going.",
    "quick question:",
    "i'm making a card.",
    "not sure if you can do it but",
    "if it's not too much trouble,",
)
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def normalise(text: str) -> str:
    """Lower case, letters, digits and single spaces only; emoji and other scripts kept."""
    return " ".join(re.sub(r"[^\w\s]|_", " ", text.lower()).split()) or text.strip()


def edit_distance(a: str, b: str, limit: int) -> int:
    """Levenshtein distance, or limit + 1 as soon as it must exceed `limit`."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
        if min(row) > limit:
            return limit + 1
    return row[-1]


class NearDuplicates:
    """Finds the given text that another is nearly equal to, by normalised edit distance."""

    def __init__(self, texts: list[str], distance: float = MIN_DISTANCE):
        self.distance = distance
        self.texts = sorted({normalise(text) for text in texts})
        self.by_word = defaultdict(list)
        for i, text in enumerate(self.texts):
            for word in set(text.split()):
                self.by_word[word].append(i)

    def find(self, text: str) -> str | None:
        """The near duplicate of `text`, or None."""
        text = normalise(text)
        shared: dict[int, int] = defaultdict(int)
        for word in set(text.split()):
            for i in self.by_word.get(word, ()):
                shared[i] += len(word) + 1
        for i, letters in shared.items():
            other = self.texts[i]
            longest = max(len(other), len(text))
            limit = int(self.distance * longest)
            # A near duplicate of several words keeps at least a third of its letters in them.
            if letters * 3 < longest:
                continue
            if edit_distance(text, other, limit) < self.distance * longest or text == other:
                return other
        return None


def undress(text: str, grammar: Grammar | None = None) -> list[str]:
    """The text, and what is left of it without greetings, polite words and thanks around it:
    the English ones, or those of another language's grammar."""
    text = normalise(text)
    found = [text]
    wrapped = ((_OPENERS, True), (_POLITE, True), (_CLOSERS, False))
    if grammar and grammar.code != "en":
        lists = (grammar.words["front"], True), (grammar.words["close"], False)
        wrapped = tuple(([item[0] for item in items], front) for items, front in lists)
    for wrappers, front in wrapped:
        for wrapper in map(normalise, wrappers):
            for core in tuple(found):
                if front and core.startswith(wrapper + " "):
                    found.append(core[len(wrapper) + 1 :])
                elif not front and core.endswith(" " + wrapper):
                    found.append(core[: -len(wrapper) - 1])
    return found


def mistype(text: str, rng: random.Random) -> str:
    """One or two slips of the hand: a swap, a drop, a doubling, a neighbouring key."""
    letters = list(text)
    for _ in range(1 if len(text) < 15 else rng.choice((1, 1, 2, 3))):
        spots = [i for i, c in enumerate(letters) if c.isascii() and c.isalpha()]
        if len(spots) < 3:
            break
        i = rng.choice(spots)
        kind = rng.randrange(4)
        if kind == 0 and i + 1 < len(letters):
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
        elif kind == 1:
            del letters[i]
        elif kind == 2:
            letters.insert(i, letters[i])
        else:
            row = next((r for r in _KEYS if letters[i].lower() in r), "e")
            letters[i] = row[(row.find(letters[i].lower()) + 1) % len(row)]
    return "".join(letters)


def dress(text: str, template: Template, intent: str, rng: random.Random) -> str:
    """Say it as people do: politely, after a greeting, with thanks, or curtly."""
    if template.imperative and rng.random() < 0.35:
        text = f"{rng.choice(_POLITE)} {text}"
    if intent != "chat":
        if rng.random() < 0.10:
            text = f"{rng.choice(_OPENERS)} {text}"
        if rng.random() < 0.12:
            text = f"{text}{rng.choice((' ', ' ', ', '))}{rng.choice(_CLOSERS)}"
        if rng.random() < 0.03:
            text = f"{rng.choice(_BEFORE)} {text}"
    if rng.random() < 0.07:
        text = re.sub(r"\b(the|an?) ", "", text)
    return text


def dress_foreign(text: str, grammar: Grammar, intent: str, rng: random.Random) -> str:
    """The same in another language, by the "front" and "close" lists of its file."""
    if intent != "chat":
        if rng.random() < 0.2:
            text = f"{grammar.expand(rng.choice(grammar.words['front']), rng)} {text}"
        if rng.random() < 0.15:
            text = f"{text} {grammar.expand(rng.choice(grammar.words['close']), rng)}"
    if rng.random() < 0.25:
        letters = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in letters if not unicodedata.combining(c))
    return text


def surface(text: str, rng: random.Random) -> str:
    """Case, punctuation and slips."""
    draw = rng.random()
    if draw < 0.35:
        text = text[:1].upper() + text[1:]
    elif draw < 0.39:
        text = text.upper()
    if rng.random() < 0.35 and text[-1:] not in "?!.":
        text += rng.choice((".", ".", "!", "?", "...", " ", "!!"))
    if rng.random() < 0.05:
        text = re.sub(r"[,.;:!?'\"()-]", "", text)
    if rng.random() < 0.17:
        text = mistype(text, rng)
    return text


def build(count: int, seed: int, keep_out: Path | None = None) -> list[Example]:
    """Draw `count` examples, intents in equal shares; the same seed gives the same list.

    keep_out: the held-out file to stay away from; all of them unless given.
    """
    rng = random.Random(seed)
    grammars = {code: Grammar(code=code) for code in LANGUAGES}
    files = [keep_out] if keep_out else heldout_files()
    known = NearDuplicates([e.text for file in files for e in read_examples(file)])
    examples: list[Example] = []
    while len(examples) < count:
        intent = INTENTS[len(examples) % len(INTENTS)]
        code = "en" if rng.random() < ENGLISH_SHARE else rng.choice(LANGUAGES[1:])
        grammar = grammars[code]
        template = grammar.draw(intent, rng)
        text = grammar.expand(template.nodes, rng)
        if code == "en":
            text = dress(text, template, intent, rng)
        else:
            text = dress_foreign(text, grammar, intent, rng)
        if text and known.find(text) is None:
            context = rng.choice(template.contexts)
            examples.append(Example(surface(text, rng), intent, context))
    return examples


def heldout_files() -> list[Path]:
    """Every held-out file, English first."""
    return [HELDOUT, HELDOUT_STYLES, HELDOUT_STRANGERS, *HELDOUT_LANGUAGES.values()]
