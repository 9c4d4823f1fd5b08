"""Measure the router: python -m intents.evaluate [--weights DIR] [--data FILE] [--plot SVG].

Prints accuracy per intent, the confusion matrix, the calibration error, errors avoided against
questions asked, latency, the other held-out files, whole plans right, and every mistake.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import torch

from .corpus import HELDOUT, HELDOUT_LANGUAGES, HELDOUT_STRANGERS, HELDOUT_STYLES
from .grammar import DATA
from .labels import INTENTS, Example, read_examples
from .languages import language
from .plot import doubt_svg
from .router import Router, best

PLANS = DATA / "plans.jsonl"  # its failures were looked at when the rules were mended
PLAN_FILES = tuple(  # the first two the rules were mended by; the others held out; languages last
    DATA / f"{name}.jsonl"
    for name in ("plans", "plans_dev2", "plans_heldout", "plans_heldout2", "plans_heldout3",
                 "plans_languages")
)  # fmt: skip


def calibration_error(confidence: list[float], right: list[bool], bins: int = 10) -> float:
    """Expected calibration error, equal-width bins (Guo et al. 2017, eq. 3), within 0..1."""
    error = 0.0
    for b in range(bins):
        inside = [i for i, c in enumerate(confidence) if b / bins < c <= (b + 1) / bins]
        if inside:
            sure = sum(confidence[i] for i in inside) / len(inside)
            accuracy = sum(right[i] for i in inside) / len(inside)
            error += len(inside) / len(right) * abs(sure - accuracy)
    return error


THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)


def doubt_curve(
    confidence: list[float], right: list[bool], thresholds: Iterable[float] = THRESHOLDS
) -> list[dict]:
    """For each threshold: share of messages asked about, share of errors that asking avoids."""
    errors = max(1, right.count(False))
    curve = []
    for threshold in thresholds:
        asked = [i for i, c in enumerate(confidence) if c < threshold]
        acted = len(right) - len(asked)
        avoided = sum(not right[i] for i in asked)
        wrong = right.count(False) - avoided
        curve.append(
            {
                "threshold": threshold,
                "asked": len(asked) / len(right),
                "errors_avoided": avoided / errors,
                "accuracy_when_acting": 1 - wrong / max(1, acted),
            }
        )
    return curve


def latency(router: Router, examples: list[Example]) -> dict[str, float]:
    """Median and 95th percentile of predict, milliseconds, one message at a time.

    cpu_*: the calling thread's own time, which other programs on the machine do not disturb.
    """
    for example in examples[:50]:
        _predict(router, example)
    wall, cpu = [], []
    for example in examples:
        begun, begun_cpu = time.perf_counter(), time.thread_time()
        _predict(router, example)
        cpu.append(1000 * (time.thread_time() - begun_cpu))
        wall.append(1000 * (time.perf_counter() - begun))
    spread = {}
    for prefix, times in (("", sorted(wall)), ("cpu_", sorted(cpu))):
        spread[prefix + "median"] = times[len(times) // 2]
        spread[prefix + "p95"] = times[int(len(times) * 0.95)]
    return spread


def _predict(router: Router, example: Example):
    c = example.context
    return router.predict(example.text, c.images, c.mask, c.history)


def measure(router: Router, examples: list[Example]) -> dict:
    """Everything about single intents, as JSON values."""
    scores = [router.scores(e.text, e.context) for e in examples]
    guesses = [best(s) for s in scores]
    sure = [max(s.values()) for s in scores]
    right = [g == e.intent for g, e in zip(guesses, examples, strict=True)]
    plain = [r for r, e in zip(right, examples, strict=True) if e.plain]
    matrix = {
        truth: {
            g: sum(e.intent == truth and h == g for e, h in zip(examples, guesses, strict=True))
            for g in INTENTS
        }
        for truth in INTENTS
    }
    counts = {truth: max(1, sum(row.values())) for truth, row in matrix.items()}
    return {
        "utterances": len(examples),
        "accuracy": sum(right) / len(right),
        "accuracy_plain": sum(plain) / max(1, len(plain)),
        "per_intent": {t: matrix[t][t] / counts[t] for t in INTENTS},
        "confusion": matrix,
        "calibration_error": calibration_error(sure, right),
        "doubt": doubt_curve(sure, right),
        "doubt_fine": doubt_curve(sure, right, [n / 100 for n in range(100)] + [0.995, 0.999]),
        "latency_ms": latency(router, examples),
        "mistakes": [
            {
                "text": e.text,
                "context": vars(e.context),
                "intent": e.intent,
                "taken_as": g,
                "confidence": round(s, 3),
            }
            for e, g, s, r in zip(examples, guesses, sure, right, strict=True)
            if not r
        ],
    }


def measure_file(router: Router, path: Path, code: str | None = None) -> dict:
    """Accuracy on one more file; how often the message is asked about or taken as chat instead of
    acted on, how often acted on wrongly, and how often its language is told rightly."""
    examples = read_examples(path)
    told = [router.scores(e.text, e.context) for e in examples]
    acted = [max(s.values()) >= router.threshold and best(s) != "chat" for s in told]
    right = [best(s) == e.intent for s, e in zip(told, examples, strict=True)]
    wrong = [a and not r for a, r in zip(acted, right, strict=True)]
    result = {
        "file": path.name,
        "utterances": len(examples),
        "accuracy": sum(right) / len(right),
        "acted": sum(acted) / len(acted),
        "acted_wrongly": sum(wrong) / len(wrong),
        "mistakes": [
            {"text": e.text, "intent": e.intent, "taken_as": best(s)}
            for e, s, r in zip(examples, told, right, strict=True)
            if not r
        ],
    }
    if code:
        named = [language(e.text) == code for e in examples]
        result["language_told"] = sum(named) / len(named)
    return result


def measure_plans(router: Router, path: Path = PLANS) -> dict:
    """Share of hand-written messages whose whole plan is right: intents in order, and the
    words and slots the file states."""
    wrong, rows = [], [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        plan = router.predict(row["text"], row["images"], row["mask"], row["history"]).plan
        got = [step.to_dict() for step in plan.steps]
        if not plan_matches(got, row["plan"]):
            wrong.append({"text": row["text"], "wanted": row["plan"], "got": got})
    return {
        "file": path.name,
        "plans": len(rows),
        "right": 1 - len(wrong) / len(rows),
        "wrong": wrong,
    }


def plan_matches(got: list[dict], wanted: list[dict]) -> bool:
    """Same intents in the same order; text (case aside) and slots equal where the wish has them."""
    return len(got) == len(wanted) and all(
        g["intent"] == w["intent"]
        and ("text" not in w or g["text"].lower() == w["text"].lower())
        and all(g["slots"].get(k) == v for k, v in w.get("slots", {}).items())
        and ("mask" not in w or g.get("mask", False) == w["mask"])
        for g, w in zip(got, wanted, strict=True)
    )


def show(result: dict) -> None:
    """Print the measurements for people."""
    print(
        f"{result['utterances']} utterances: accuracy {result['accuracy']:.1%}, plain requests "
        f"{result['accuracy_plain']:.1%}, calibration error {result['calibration_error']:.3f}"
    )
    print("\naccuracy per intent, and what each was taken as:")
    print(" " * 16 + "".join(f"{name:>9}" for name in INTENTS))
    for truth in INTENTS:
        row = "".join(f"{result['confusion'][truth][g]:9d}" for g in INTENTS)
        print(f"{truth:8}{result['per_intent'][truth]:8.1%}{row}")
    print("\nthreshold  asked  errors avoided  accuracy when acting")
    for p in result["doubt"]:
        print(
            f"{p['threshold']:9.2f}{p['asked']:7.1%}{p['errors_avoided']:16.1%}"
            f"{p['accuracy_when_acting']:22.1%}"
        )
    ms = result["latency_ms"]
    print(
        f"\nlatency of one prediction: median {ms['median']:.2f} ms, p95 {ms['p95']:.2f} ms; "
        f"processor time: median {ms['cpu_median']:.2f} ms, p95 {ms['cpu_p95']:.2f} ms"
    )
    print(f"\n{len(result['mistakes'])} mistakes:")
    for m in result["mistakes"]:
        c = m["context"]
        print(
            f"  {m['intent']} taken as {m['taken_as']} ({m['confidence']:.2f}; "
            f"images {c['images']}, mask {int(c['mask'])}, history "
            f"{int(c['history'])}): {m['text']}"
        )
    for other in result.get("files", ()):
        told = f", language told {other['language_told']:.1%}" if "language_told" in other else ""
        print(
            f"\n{other['file']}: {other['utterances']} utterances, accuracy "
            f"{other['accuracy']:.1%}, acted on {other['acted']:.1%}, wrongly "
            f"{other['acted_wrongly']:.1%}{told}; mistakes:"
        )
        for m in other["mistakes"]:
            print(f"  {m['intent']} taken as {m['taken_as']}: {m['text']}")
    for plans in result.get("plans", ()):
        print(
            f"\n{plans['file']}: {plans['plans']} plans, {plans['right']:.1%} wholly right; "
            "the others:"
        )
        for w in plans["wrong"]:
            print(f"  {w['text']}\n    wanted {w['wanted']}\n    got    {w['got']}")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m intents.evaluate", description=__doc__)
    parser.add_argument("--weights", type=Path, help="router folder (assets/intents by default)")
    parser.add_argument("--data", type=Path, default=HELDOUT, help="labelled JSONL")
    parser.add_argument(
        "--part", choices=("transformer", "bag", "letters"), help="measure one part alone"
    )
    parser.add_argument("--plot", type=Path, help="write the doubt curve to this SVG")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        router = Router.load(args.weights)
        if args.part:
            router = router.part(args.part)
        result = measure(router, read_examples(args.data))
        if args.plot:
            svg = doubt_svg(result["doubt_fine"], router.threshold)
            args.plot.write_text(svg, encoding="utf-8")
        if args.data == HELDOUT:
            english = [HELDOUT_STYLES, HELDOUT_STRANGERS]
            result["files"] = [measure_file(router, path) for path in english]
            result["files"] += [measure_file(router, p, c) for c, p in HELDOUT_LANGUAGES.items()]
            result["plans"] = [measure_plans(router, p) for p in PLAN_FILES]
    except (OSError, KeyError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(result, ensure_ascii=False)) if args.json else show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
