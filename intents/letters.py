"""The words and letters of a message, hashed, under one linear layer.

Words alone and in pairs, and runs of 2 to 5 letters within each word: TF-IDF's features (Joachims
1998) without its dictionary (hashing after Weinberger et al. 2009). It reads what is spelt badly
or was never met, where whole pieces fail. Words are heard once more together with what stands
beside the message, since "night" is one wish with a picture and another without.
"""

from __future__ import annotations

import math
import random
import re
import zlib
from collections import Counter

import torch
import torch.nn.functional as F
from torch import nn

from .labels import INTENTS, Context
from .text import CONTEXT_SIZE, clean

_WORD = re.compile(r"\w+|[^\w\s]")
_SHORTEST, _LONGEST, _MOST_WORDS = 2, 5, 64


def situation(context: Context) -> str:
    """What most changes a word's meaning: an area is painted, a picture is at hand, neither."""
    return "m" if context.mask else "p" if context.images or context.history else "n"


def grams(text: str, buckets: int, context: Context | None = None) -> tuple[list[int], list[float]]:
    """Bucket and weight of each feature of a text. The words' weights have length 1, and so have
    the letters'; a feature met n times weighs 1 + ln n before that. With a context the words come
    a second time, tied to its situation."""
    words = _WORD.findall(clean(text))[:_MOST_WORDS]
    letters: Counter = Counter()
    for word in words:
        padded = f" {word} "
        for size in range(_SHORTEST, min(_LONGEST, len(padded)) + 1):
            letters.update(padded[i : i + size] for i in range(len(padded) - size + 1))
    pairs = Counter(words)
    pairs.update(f"{a}_{b}" for a, b in zip(words, words[1:], strict=False))
    places: list[int] = []
    weights: list[float] = []
    kinds = [("w", pairs), ("c", letters)]
    if context is not None:
        kinds.append((situation(context), pairs))
    for mark, counts in kinds:
        values = [1 + math.log(n) if n > 1 else 1.0 for n in counts.values()]
        length = math.sqrt(sum(v * v for v in values)) or 1.0
        places += [zlib.crc32((mark + gram).encode()) % buckets for gram in counts]
        weights += [v / length for v in values]
    return places, weights


class LettersClassifier(nn.Module):
    """Logits (B, 5) from a bag of hashed features and the context (B, 5)."""

    def __init__(self, buckets: int):
        super().__init__()
        self.table = nn.Embedding(buckets, len(INTENTS))
        self.context = nn.Linear(CONTEXT_SIZE, len(INTENTS))
        nn.init.zeros_(self.table.weight)

    def forward(self, rows: list[tuple[list[int], list[float]]], context: torch.Tensor):
        starts, total = [], 0
        for places, _ in rows:
            starts.append(total)
            total += len(places)
        places = torch.tensor([p for row in rows for p in row[0]], dtype=torch.long)
        weights = torch.tensor([w for row in rows for w in row[1]])
        heard = F.embedding_bag(
            places,
            self.table.weight,
            torch.tensor(starts),
            mode="sum",
            per_sample_weights=weights,
        )
        return heard + self.context(context)


def fit_letters(
    rows: list,
    buckets: int,
    epochs: int,
    seed: int,
    model: LettersClassifier | None = None,
    rate: float = 0.1,
) -> LettersClassifier:
    """Train on rows (features, context (5,), label), from `model` if given; Adam, linear decay."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = LettersClassifier(buckets) if model is None else model.train()
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    size = 512
    steps = epochs * math.ceil(len(rows) / size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: 1 - s / (steps + 1))
    for _ in range(epochs):
        order = list(range(len(rows)))
        rng.shuffle(order)
        for start in range(0, len(order), size):
            part = [rows[i] for i in order[start : start + size]]
            context = torch.tensor([r[1] for r in part])
            labels = torch.tensor([r[2] for r in part])
            loss = F.cross_entropy(model([r[0] for r in part], context), labels)
            loss = loss + 1e-6 * model.table.weight.square().sum() / len(INTENTS)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return model.eval()
