"""Small classifiers over sentencepiece ids and the context; docs/router.md compares them.

All take ids (B, T) padded with `pad`, and context (B, 5), and give logits (B, 5). `combined` adds
what words and letters say (letters.py); divide by the config's temperature for calibrated scores
(Guo et al. 2017, eq. 9).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .labels import INTENTS, Context
from .letters import LettersClassifier, grams
from .text import CONTEXT_SIZE, MAX_TOKENS


@dataclass(frozen=True)
class RouterConfig:
    """Shape of the classifier. kind: "transformer", "bag" or "both", over pieces; letters: buckets
    of the linear part, 0 for none; letters_share: how much its logits count against theirs;
    letters_context: whether it hears words tied to the context too."""

    kind: str = "both"
    vocab_size: int = 8000
    pad: int = 0
    width: int = 96
    heads: int = 4
    layers: int = 2
    bag_width: int = 64
    buckets: int = 16384
    letters: int = 131072
    letters_share: float = 0.5
    letters_context: bool = False  # routers written before there was such a thing have none
    dropout: float = 0.1
    temperature: float = 1.0
    threshold: float = 0.85

    def __post_init__(self):
        if self.kind not in MODELS:
            raise ValueError(f"unknown kind {self.kind!r}; known: {', '.join(sorted(MODELS))}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.letters < 0 or self.letters_share < 0:
            raise ValueError("letters and letters_share must not be negative")
        if self.temperature <= 0 or not 0 <= self.threshold <= 1:
            raise ValueError("temperature must be above 0 and threshold within 0..1")

    def to_dict(self) -> dict:
        return asdict(self)

    def heard(self, text: str, context: Context) -> tuple[list[int], list[float]] | None:
        """What the linear part hears of a message; None where there is no such part."""
        if not self.letters:
            return None
        return grams(text, self.letters, context if self.letters_context else None)


class Block(nn.Module):
    """Pre-norm transformer block (Vaswani et al. 2017, with the norm first)."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, d // self.heads).unbind(2)
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)  # (B, heads, T, d/heads)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.drop(self.out(y.transpose(1, 2).reshape(b, t, d)))
        return x + self.drop(self.down(F.gelu(self.up(self.norm2(x)))))


class TransformerClassifier(nn.Module):
    """The context is the first token; its last state is classified."""

    def __init__(self, config: RouterConfig):
        super().__init__()
        self.pad = config.pad
        self.embed = nn.Embedding(config.vocab_size, config.width)
        self.position = nn.Parameter(torch.zeros(MAX_TOKENS + 1, config.width))
        self.context = nn.Linear(CONTEXT_SIZE, config.width)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(2 * config.width, len(INTENTS))
        self.drop = nn.Dropout(config.dropout)
        nn.init.normal_(self.embed.weight, std=0.1)
        nn.init.normal_(self.position, std=0.02)

    def forward(self, ids: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        real = ids != self.pad  # (B, T)
        first = self.context(context)[:, None]  # (B, 1, d)
        x = torch.cat([first, self.embed(ids)], 1) + self.position[: ids.shape[1] + 1]
        x = self.drop(x)
        # A single unpadded row needs no mask: that is the case that must be quick.
        mask = None if ids.shape[0] == 1 else F.pad(real, (1, 0), value=True)[:, None, None]
        for block in self.blocks:
            x = block(x, mask)
        x = self.norm(x)
        weight = real[..., None].to(x.dtype)
        mean = (x[:, 1:] * weight).sum(1) / weight.sum(1).clamp(min=1)
        return self.head(self.drop(torch.cat([x[:, 0], mean], 1)))


class BagClassifier(nn.Module):
    """Sum of hashed 1-, 2- and 3-grams of ids, then two layers with the context
    (after Joulin et al. 2016, "Bag of tricks for efficient text classification")."""

    def __init__(self, config: RouterConfig):
        super().__init__()
        self.pad, self.buckets = config.pad, config.buckets
        width = config.bag_width
        self.embed = nn.Embedding(config.vocab_size, width)
        self.pairs = nn.Embedding(config.buckets, width)
        self.triples = nn.Embedding(config.buckets, width)
        self.first = nn.Linear(3 * width + CONTEXT_SIZE, 4 * width)
        self.head = nn.Linear(4 * width, len(INTENTS))
        self.drop = nn.Dropout(config.dropout)
        for table in (self.embed, self.pairs, self.triples):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, ids: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        real = (ids != self.pad)[..., None].float()  # (B, T, 1)
        previous = F.pad(ids, (1, 0), value=self.pad)[:, :-1]
        before = F.pad(ids, (2, 0), value=self.pad)[:, :-2]
        two = (previous * 1_000_003 + ids * 7_919) % self.buckets
        three = (before * 15_485_863 + previous * 1_000_003 + ids * 7_919) % self.buckets
        scale = real.sum(1).clamp(min=1).sqrt()
        bags = [
            (table(i) * real).sum(1) / scale
            for table, i in ((self.embed, ids), (self.pairs, two), (self.triples, three))
        ]
        x = F.gelu(self.first(self.drop(torch.cat([*bags, context], 1))))
        return self.head(self.drop(x))


class BothClassifier(nn.Module):
    """The mean of both. In training each row mixes them by chance, so that neither leans on the
    other's mistakes and their mean is that of two able models."""

    def __init__(self, config: RouterConfig):
        super().__init__()
        self.transformer = TransformerClassifier(config)
        self.bag = BagClassifier(config)

    def forward(self, ids: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        share = torch.rand(ids.shape[0], 1) if self.training else 0.5
        return share * self.transformer(ids, context) + (1 - share) * self.bag(ids, context)


MODELS = {"both": BothClassifier, "transformer": TransformerClassifier, "bag": BagClassifier}


def build_model(config: RouterConfig) -> nn.Module:
    """The classifier a config describes, freshly initialised, its linear part at `.letters`."""
    model = MODELS[config.kind](config)
    if config.letters:
        model.letters = LettersClassifier(config.letters)
    return model


class LettersAlone(nn.Module):
    """Says nothing of its own: what is left of a model but its linear part."""

    def __init__(self, letters: LettersClassifier):
        super().__init__()
        self.letters = letters

    def forward(self, ids: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return torch.zeros(ids.shape[0], len(INTENTS))


def combined(model: nn.Module, config: RouterConfig, ids, context, heard: list) -> torch.Tensor:
    """Logits (B, 5) of all parts. heard: letters.grams of each text (not read without letters)."""
    logits = model(ids, context)
    if config.letters:
        logits = logits + config.letters_share * model.letters(heard, context)
    return logits
