"""Learning from corrections: a short retraining that may only replace what it does not worsen.

The file is JSONL, one correction a line: {"text", "images", "mask", "history", "intent"}, the
intent being what the user said was meant. It stays on the user's machine and can be read and
deleted with any editor.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch

from . import corpus
from .labels import INDEX, Context, Example, read_examples
from .model import RouterConfig
from .router import Router, checked
from .train import Recipe, fit, logits_of, rows_of, save
from .weights import rounded

_FRESH, _REPEATS = 6_000, 150


@dataclasses.dataclass(frozen=True)
class Learned:
    """Accuracies within 0..1, before and after; replaced: whether the weights were."""

    corrections: int
    heldout_before: float
    heldout_after: float
    corrections_before: float
    corrections_after: float
    replaced: bool


def append(file: Path, text: str, context: Context, intent: str) -> None:
    """Keep one correction. Raises ValueError for an unknown intent."""
    if intent not in INDEX:
        raise ValueError(f"unknown intent {intent!r}")
    row = {"text": text, **dataclasses.asdict(context), "intent": intent}
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")


def read(file: Path) -> list[Example]:
    """The corrections of a file. Raises ValueError naming the line that is not one."""
    examples = []
    for number, raw in enumerate(file.read_bytes().splitlines(), 1):
        try:
            row = json.loads(raw.decode("utf-8"))
            context = checked(row["text"], row["images"], row["mask"], row["history"])
            if row["intent"] not in INDEX:
                raise ValueError
        except (KeyError, TypeError, ValueError, RecursionError):
            raise ValueError(f"{file.name} line {number}: not a correction") from None
        examples.append(Example(row["text"], row["intent"], context))
    if not examples:
        raise ValueError(f"{file.name} holds no corrections")
    return examples


def learn(file: Path, folder: Path, seed: int = 0, fresh: int = _FRESH) -> Learned:
    """Train the router in `folder` a little more, on corrections among `fresh` corpus examples.

    The weights are replaced only if held-out accuracy does not fall and the corrections are
    better met. Held-out utterances themselves are never trained on.
    """
    router, corrections = Router.load(folder), read(file)
    config = router.config
    heldout = rows_of(read_examples(corpus.HELDOUT), router.processor, config)
    wished = rows_of(corrections, router.processor, config)
    before = [_accuracy(router.model, rows, config) for rows in (heldout, wished)]
    usual = corpus.build(fresh, seed + 1)
    # Few corrections are repeated to be heard, many must not drown the rest.
    repeats = max(1, min(_REPEATS, fresh // (4 * len(wished))))
    recipe = Recipe(seed=seed, epochs=1, batch_size=64, rate=5e-4, model=router.config)
    model = router.model.requires_grad_(True)
    texts = usual + corrections * repeats
    model = fit(recipe, texts, router.processor, log=lambda _: None, model=model)
    # The linear part stays as it is: few corrections would bend it for every word in them.
    rounded(model)
    after = [_accuracy(model, rows, config) for rows in (heldout, wished)]
    replaced = after[0] >= before[0] and after[1] >= before[1]
    if replaced:
        save(folder, model, router.config, (folder / "tokenizer.model").read_bytes())
    return Learned(len(corrections), before[0], after[0], before[1], after[1], replaced)


def _accuracy(model: torch.nn.Module, rows: list, config: RouterConfig) -> float:
    guesses = logits_of(model, rows, config).argmax(1).tolist()
    return sum(g == row[2] for g, row in zip(guesses, rows, strict=True)) / len(rows)
