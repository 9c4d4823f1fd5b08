"""Train the router from the corpus: python -m intents.train [--out DIR] [--seed N] [--dry-run].

With --go-on FOLDER it goes on, briefly, from the router there; with --teachers FOLDER… it learns
what the routers there agree on; with --mean-of FOLDER… it takes the mean of routers that went on
from one another; with --corrections FILE the router in DIR learns from its user's corrections
instead.

Deterministic: the same seed on the same machine gives the same weights. The held-out files
are never read for choosing anything; temperature comes from the development files.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import math
import random
import sys
import time
from pathlib import Path

import sentencepiece
import torch
import torch.nn.functional as F
from safetensors.torch import save as serialise

from . import corpus
from .labels import INDEX, Example, read_examples
from .letters import fit_letters
from .model import MODELS, RouterConfig, build_model, combined
from .router import ASSETS
from .text import batch, clean, context_features, encode
from .weights import pack, rounded


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run."""

    seed: int = 0
    examples: int = 240_000
    epochs: int = 2
    finish: int = 80_000  # fresh texts for a last pass at a third of the rate
    batch_size: int = 512
    rate: float = 3e-3
    weight_decay: float = 0.05
    smoothing: float = 0.05
    token_dropout: float = 0.08
    subword_alpha: float = 0.2
    model: RouterConfig = RouterConfig(letters_context=True)


def train_tokenizer(examples: list[Example], vocab_size: int) -> bytes:
    """A unigram sentencepiece model with byte fallback; id 0 pads, 1 is unknown."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sorted({clean(e.text) for e in examples})),
        model_writer=model,
        vocab_size=vocab_size,
        model_type="unigram",
        byte_fallback=True,
        character_coverage=0.9995,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        normalization_rule_name="identity",
        num_threads=1,
        minloglevel=2,
        train_extremely_large_corpus=False,
        hard_vocab_limit=False,
    )
    return model.getvalue()


def batches(data: list, size: int, rng: random.Random):
    """Shuffled batches of rows of like length, so that little is padding."""
    order = list(range(len(data)))
    rng.shuffle(order)
    chunk = size * 32
    for start in range(0, len(order), chunk):
        part = sorted(order[start : start + chunk], key=lambda i: len(data[i][0]))
        groups = [part[i : i + size] for i in range(0, len(part), size)]
        rng.shuffle(groups)
        for group in groups:
            yield [data[i] for i in group]


def fit(
    recipe: Recipe, examples: list, processor, log=print, model=None, told=None
) -> torch.nn.Module:
    """Train on examples, from `model` if given; AdamW, warm-up, cosine. told: five probabilities
    for each example, to be learnt instead of its label.

    Each epoch cuts the words anew (subword regularisation, Kudo 2018): rare words are met in
    pieces, as unknown ones will be.
    """
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    model = build_model(recipe.model) if model is None else model.train()
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay, betas=(0.9, 0.98)
    )
    total = recipe.epochs * math.ceil(len(examples) / recipe.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda s: min((s + 1) / (0.05 * total + 1), 0.5 + 0.5 * math.cos(math.pi * s / total)),
    )
    begun, step = time.perf_counter(), 0
    sentencepiece.set_random_generator_seed(recipe.seed)
    for _ in range(recipe.epochs):
        data = rows_of(examples, processor, alpha=recipe.subword_alpha)
        if told is not None:
            data = [(*row[:2], soft) for row, soft in zip(data, told, strict=True)]
        for rows in batches(data, recipe.batch_size, rng):
            ids, context = batch([r[0] for r in rows], [r[1] for r in rows], recipe.model.pad)
            lost = (torch.rand(ids.shape) < recipe.token_dropout) & (ids != recipe.model.pad)
            logits = model(ids.masked_fill(lost, 1), context)
            labels = torch.tensor([r[2] for r in rows])
            loss = F.cross_entropy(logits, labels, label_smoothing=recipe.smoothing)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            if step % 200 == 0 or step == total:
                spent = time.perf_counter() - begun
                log(f"step {step}/{total}  loss {loss.item():.3f}  {spent:.0f} s")
    return model.eval()


def rows_of(
    examples: list[Example], processor, config: RouterConfig | None = None, alpha: float = 0.0
) -> list:
    """Rows (ids, context, label, grams); alpha above 0 samples the cut of every second text. The
    grams are None without a config of a linear part."""
    return [
        (
            encode(processor, e.text, alpha if i % 2 else 0.0),
            e.context,
            INDEX[e.intent],
            config.heard(e.text, e.context) if config else None,
        )
        for i, e in enumerate(examples)
    ]


def letter_rows(examples: list[Example], config: RouterConfig) -> list:
    """Rows (grams, context features, label) for fit_letters."""
    return [
        (config.heard(e.text, e.context), context_features(e.context), INDEX[e.intent])
        for e in examples
    ]


@torch.inference_mode()
def logits_of(model, rows: list, config: RouterConfig) -> torch.Tensor:
    """Logits (len(rows), 5), batched."""
    parts = [rows[i : i + 256] for i in range(0, len(rows), 256)]
    return torch.cat(
        [
            combined(
                model,
                config,
                *batch([r[0] for r in p], [r[1] for r in p], config.pad),
                [r[3] for r in p],
            )
            for p in parts
        ]
    )


def shared(model, rows: list, labels: torch.Tensor, config: RouterConfig) -> RouterConfig:
    """The config with the share of the linear part and the temperature that together have the
    least negative log-likelihood on these rows."""
    tried = []
    for share in [n / 10 for n in range(17)] if config.letters else [0.0]:
        logits = logits_of(model, rows, dataclasses.replace(config, letters_share=share))
        temperature = temperature_of(logits, labels)
        tried.append((F.cross_entropy(logits / temperature, labels).item(), share, temperature))
    _, share, temperature = min(tried)
    return dataclasses.replace(config, letters_share=share, temperature=temperature)


def temperature_of(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The temperature of least negative log-likelihood, by a fine grid (Guo et al. 2017)."""
    grid = [0.3 * 1.04**i for i in range(70)]
    return min(grid, key=lambda t: F.cross_entropy(logits / t, labels).item())


def train(recipe: Recipe, out: Path, log=print) -> RouterConfig:
    """Build corpus, tokenizer and model, and write them to `out`."""
    examples = corpus.build(recipe.examples, recipe.seed)
    vocabulary = train_tokenizer(examples, recipe.model.vocab_size)
    processor = sentencepiece.SentencePieceProcessor(model_proto=vocabulary)
    model_config = dataclasses.replace(recipe.model, vocab_size=processor.get_piece_size())
    recipe = dataclasses.replace(recipe, model=model_config)
    log(f"{len(examples)} examples, {model_config.vocab_size} pieces")
    model = fit(recipe, examples, processor, log)
    if recipe.finish:
        log("finish on fresh texts")
        last = dataclasses.replace(recipe, seed=recipe.seed + 1, epochs=1, rate=recipe.rate / 3)
        model = fit(last, corpus.build(recipe.finish, last.seed), processor, log, model)
    if model_config.letters:
        log("words and letters")
        found = letter_rows(examples, model_config)
        model.letters = fit_letters(found, model_config.letters, recipe.epochs, recipe.seed)
    rounded(model)
    return settle(model, recipe, processor, out, log)


def settle(model, recipe: Recipe, processor, out: Path, log=print) -> RouterConfig:
    """Choose share and temperature on the development files and write everything to `out`."""
    known = [e for file in corpus.DEV_FILES for e in read_examples(file)]
    rows = rows_of(known, processor, recipe.model)
    labels = torch.tensor([r[2] for r in rows])
    config = shared(model, rows, labels, recipe.model)
    logits = logits_of(model, rows, config)
    log(
        f"development accuracy {(logits.argmax(1) == labels).float().mean():.3f}, "
        f"temperature {config.temperature:.3f}"
    )
    save(out, model, config, processor.serialized_model_proto())
    (out / "recipe.json").write_text(json.dumps(dataclasses.asdict(recipe), indent=2) + "\n")
    return config


def save(out: Path, model: torch.nn.Module, config: RouterConfig, vocabulary: bytes) -> None:
    """Write what Router.load reads; weights in a byte each."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "model.safetensors").write_bytes(serialise(pack(model.state_dict())))
    (out / "tokenizer.model").write_bytes(vocabulary)
    (out / "config.json").write_text(json.dumps(config.to_dict(), indent=2) + "\n")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m intents.train", description=__doc__)
    parser.add_argument("--out", type=Path, default=ASSETS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=sorted(MODELS), default="both")
    parser.add_argument("--examples", type=int, default=Recipe.examples)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--go-on", type=Path, help="folder of a router to train further, briefly")
    parser.add_argument("--mean-of", type=Path, nargs="+", help="folders of routers to average")
    parser.add_argument("--teachers", type=Path, nargs="+", help="folders of routers to learn from")
    parser.add_argument("--corrections", type=Path, help="JSONL of corrected messages to learn")
    parser.add_argument("--dry-run", action="store_true", help="print the recipe and stop")
    args = parser.parse_args(argv)
    if args.examples < 1000 or args.epochs < 1:
        parser.error("--examples must be at least 1000 and --epochs at least 1")
    recipe = Recipe(
        seed=args.seed,
        examples=args.examples,
        epochs=args.epochs,
        finish=min(Recipe.finish, args.examples),
        model=dataclasses.replace(Recipe.model, kind=args.kind),
    )
    if args.dry_run:
        print(json.dumps(dataclasses.asdict(recipe), indent=2))
        return 0
    torch.set_num_threads(1)
    if args.corrections:
        return learn_command(args.corrections, args.out, args.seed)
    if not args.go_on and not args.teachers and not args.mean_of:
        train(recipe, args.out)
        return 0
    from .further import distil, go_on, mean_of  # they stand on this module

    try:
        if args.teachers:
            distil(recipe, args.teachers, args.out)
        elif args.mean_of:
            mean_of(recipe, args.mean_of, args.out)
        else:
            go_on(recipe, args.go_on, args.out)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def learn_command(file: Path, out: Path, seed: int) -> int:
    """Learn from a file of corrections and say what came of it; 2 where it is not one."""
    from .corrections import learn

    try:
        result = learn(file, out, seed)
    except (OSError, TypeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(dataclasses.asdict(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
