"""A message as the model reads it: cleaned, cut, in sentencepiece ids, with its context."""

from __future__ import annotations

import re
import unicodedata

import torch

from .labels import Context

MAX_TOKENS = 48
_HEAD_CHARS, _TAIL_CHARS = 400, 200
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff\u00ad]")
CONTEXT_SIZE = 5


def clean(text: str) -> str:
    """NFKC, no zero-width or control characters, single spaces, lower case.

    The middle of a very long text is left out: what is asked stands at its ends. Lone surrogates
    (JSON can carry them) become "?".
    """
    if len(text) > 4 * (_HEAD_CHARS + _TAIL_CHARS):
        text = text[: 2 * _HEAD_CHARS] + " " + text[-2 * _TAIL_CHARS :]
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    text = "".join(c if c.isprintable() else " " for c in text).lower()
    text = " ".join(text.replace("’", "'").replace("“", '"').replace("”", '"').split())
    if len(text) > _HEAD_CHARS + _TAIL_CHARS:
        text = text[:_HEAD_CHARS] + " " + text[-_TAIL_CHARS:]
    return text


def encode(processor, text: str, alpha: float = 0.0) -> list[int]:
    """Sentencepiece ids of the cleaned text, at most MAX_TOKENS: two thirds head, then tail.

    alpha: above 0, how evenly to sample among the ways to cut the words (Kudo 2018).
    """
    if alpha:
        ids = processor.encode(clean(text), enable_sampling=True, alpha=alpha, nbest_size=-1)
    else:
        ids = processor.encode(clean(text))
    if len(ids) > MAX_TOKENS:
        head = MAX_TOKENS * 2 // 3
        ids = ids[:head] + ids[head - MAX_TOKENS :]
    return ids


def context_features(context: Context) -> list[float]:
    """One-hot of 0, 1, more pictures; painted mask; picture in the conversation."""
    images = min(max(context.images, 0), 2)
    return [float(images == n) for n in range(3)] + [float(context.mask), float(context.history)]


def batch(rows: list[list[int]], contexts: list[Context], pad: int):
    """Tensors ids (B, T), context (B, CONTEXT_SIZE); T is the longest row, at least 1."""
    longest = max(1, max(map(len, rows)))
    ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([context_features(c) for c in contexts])
