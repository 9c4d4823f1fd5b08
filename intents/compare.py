"""Compare the router with well-known ways: python -m intents.compare [--minilm FOLDER].

All learn from the same corpus (the recipe beside the router's weights), are calibrated on the same
development files and measured on the same held-out ones: TF-IDF of words and letters with logistic
regression (scikit-learn, see requirements-dev.txt), a sentence encoder with a linear head (only
where --minilm names a folder of local weights, all-MiniLM-L6-v2 say), the router's two halves
alone, and the router as shipped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from . import corpus
from .evaluate import calibration_error
from .labels import INDEX, INTENTS, Context, Example, read_examples
from .router import ASSETS, Router, best
from .text import clean, context_features
from .train import temperature_of

Scores = Callable[[str, Context], dict[str, float]]


def contexts(examples: list[Example]) -> np.ndarray:
    """Context features (N, 5) of examples."""
    return np.array([context_features(e.context) for e in examples], dtype=np.float32)


def calibrated(logits: Callable[[list[Example]], np.ndarray]) -> Scores:
    """Scores of a model of logits (N, 5), its temperature fitted on the development files."""
    known = [e for file in corpus.DEV_FILES for e in read_examples(file)]
    labels = torch.tensor([INDEX[e.intent] for e in known])
    temperature = temperature_of(torch.from_numpy(logits(known)).float(), labels)

    def scores(text: str, context: Context) -> dict[str, float]:
        row = torch.from_numpy(logits([Example(text, "chat", context)]))[0].float()
        return dict(zip(INTENTS, torch.softmax(row / temperature, 0).tolist(), strict=True))

    return scores


def tfidf(examples: list[Example]) -> tuple[Scores, int]:
    """Word 1-2-grams and letter 2-5-grams by TF-IDF, the context beside them, and logistic
    regression (Pedregosa et al. 2011). The scores, and the bytes its numbers and words take."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_union

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True, dtype=np.float32),
        TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), min_df=5, sublinear_tf=True, dtype=np.float32
        ),
    )
    features.fit([clean(e.text) for e in examples])

    def rows(some: list[Example]):
        return hstack(
            [features.transform([clean(e.text) for e in some]), csr_matrix(contexts(some))]
        )

    classifier = LogisticRegression(C=10, max_iter=60)
    classifier.fit(rows(examples).tocsr(), [INDEX[e.intent] for e in examples])
    names = sum(len(name.encode()) for name in features.get_feature_names_out())
    # Coefficients and document frequencies as 32-bit numbers, and the words themselves.
    size = 4 * (classifier.coef_.size + classifier.coef_.shape[1]) + names
    return calibrated(lambda some: classifier.decision_function(rows(some).tocsr())), size


def minilm(folder: Path, examples: list[Example], seed: int = 0) -> tuple[Scores, int]:
    """A sentence encoder's mean-pooled states and the context, under one linear layer (Reimers
    and Gurevych 2019, section 3). Raises OSError or ValueError when the folder holds none."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    encoder = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    @torch.inference_mode()
    def states(some: list[Example]) -> torch.Tensor:
        parts = []
        for start in range(0, len(some), 256):
            texts = [clean(e.text) for e in some[start : start + 256]]
            words = tokenizer(
                texts, padding=True, truncation=True, max_length=64, return_tensors="pt"
            )
            mask = words["attention_mask"][..., None].float()
            hidden = encoder(**words).last_hidden_state
            parts.append((hidden * mask).sum(1) / mask.sum(1).clamp(min=1))
        return torch.cat([torch.cat(parts), torch.from_numpy(contexts(some))], 1)

    torch.manual_seed(seed)
    x, y = states(examples).clone(), torch.tensor([INDEX[e.intent] for e in examples])
    head = torch.nn.Linear(x.shape[1], len(INTENTS))
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-2)
    for _ in range(10):
        for batch in torch.randperm(len(x)).split(512):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(head(x[batch]), y[batch]).backward()
            optimiser.step()
    size = sum(p.numel() * p.element_size() for p in (*encoder.parameters(), *head.parameters()))
    return calibrated(lambda some: head(states(some)).detach().numpy()), size


def measure(scores: Scores, files: dict[str, Path]) -> dict:
    """Accuracy per file, calibration error of the first, and milliseconds per message."""
    result: dict = {"accuracy": {}}
    for number, (name, path) in enumerate(files.items()):
        examples = read_examples(path)
        told = [scores(e.text, e.context) for e in examples]
        right = [best(s) == e.intent for s, e in zip(told, examples, strict=True)]
        result["accuracy"][name] = sum(right) / len(right)
        if number == 0:
            result["calibration_error"] = calibration_error([max(s.values()) for s in told], right)
            spent = []
            for example in examples:
                begun = time.thread_time()
                scores(example.text, example.context)
                spent.append(1000 * (time.thread_time() - begun))
            spent.sort()
            result["cpu_median_ms"] = spent[len(spent) // 2]
            result["cpu_p95_ms"] = spent[int(len(spent) * 0.95)]
    return result


def ways(weights: Path, minilm_folder: Path | None, count: int | None) -> dict[str, tuple]:
    """Name → (scores, bytes) of every way that can be had here."""
    router = Router.load(weights)
    recipe = json.loads((weights / "recipe.json").read_text())
    examples = corpus.build(count or recipe["examples"], recipe["seed"])
    note(f"{len(examples)} training texts")
    found = {}
    try:
        found["TF-IDF and logistic regression"] = tfidf(examples)
    except ImportError:
        note("scikit-learn is not installed (requirements-dev.txt): TF-IDF is left out")
    if minilm_folder:
        found["sentence encoder and linear head"] = minilm(minilm_folder, examples)
    else:
        note("no --minilm FOLDER with a sentence encoder's weights: it is left out")
    if router.config.kind == "both":
        for name in ("bag", "transformer", "letters"):
            alone = router.part(name)
            size = sum(p.numel() for p in alone.model.parameters())
            found[f"the {name} alone"] = (alone.scores, size)
    files = ("model.safetensors", "tokenizer.model")
    found["the router"] = (router.scores, sum((weights / f).stat().st_size for f in files))
    return found


def note(line: str) -> None:
    print(line, file=sys.stderr)


def show(results: dict[str, dict]) -> None:
    """A markdown table."""
    columns = list(next(iter(results.values()))["accuracy"])
    print(f"| way | {' | '.join(columns)} | calibration error | ms (p95) | MB |")
    print("|" + "---|" * (len(columns) + 4))
    for name, result in results.items():
        parts = " | ".join(f"{value:.1%}" for value in result["accuracy"].values())
        print(
            f"| {name} | {parts} | {result['calibration_error']:.3f} | "
            f"{result['cpu_median_ms']:.2f} ({result['cpu_p95_ms']:.2f}) | "
            f"{result['bytes'] / 1e6:.1f} |"
        )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m intents.compare", description=__doc__)
    parser.add_argument("--weights", type=Path, default=ASSETS, help="router folder")
    parser.add_argument("--minilm", type=Path, help="folder of a sentence encoder's weights")
    parser.add_argument("--examples", type=int, help="training texts; the recipe's unless given")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    files = {"held out": corpus.HELDOUT, "styles": corpus.HELDOUT_STYLES,
             "strangers": corpus.HELDOUT_STRANGERS}
    files |= {k: v for k, v in corpus.HELDOUT_LANGUAGES.items() if k != "other"}
    results = {}
    try:
        if args.minilm and not (args.minilm / "config.json").is_file():
            raise FileNotFoundError(f"{args.minilm} has no config.json: not an encoder's folder")
        if args.examples is not None and args.examples < 100:
            raise ValueError("--examples must be at least 100")
        for name, (scores, size) in ways(args.weights, args.minilm, args.examples).items():
            results[name] = measure(scores, files) | {"bytes": size}
    except (OSError, KeyError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(results)) if args.json else show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
