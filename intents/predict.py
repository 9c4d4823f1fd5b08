"""python -m intents.predict: route messages from standard input.

Reads JSONL {"text": str, "images": int, "mask": bool, "history": bool} (the last three may be
left out) and writes one JSON line each.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from .router import Router, checked


def _request(line: str) -> dict:
    """One JSONL line as predict's arguments. Raises ValueError or TypeError in one sentence."""
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("not valid JSON") from None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    if "text" not in row:
        raise ValueError('no "text"')
    if unknown := sorted(set(row) - {"text", "images", "mask", "history"}):
        raise ValueError(f"unknown field {unknown[0]!r}")
    checked(**({"images": 0, "mask": False, "history": False} | row))
    return row


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m intents.predict", description=__doc__)
    parser.add_argument("--weights", type=Path, help="router folder (assets/intents by default)")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        router = Router.load(args.weights)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    for number, raw in enumerate(sys.stdin.buffer, 1):
        try:
            line = raw.decode("utf-8")
            if not line.strip():
                continue
            row = _request(line)
        except (TypeError, ValueError) as error:
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error
            print(f"line {number}: {reason}", file=sys.stderr)
            return 2
        print(json.dumps(router.predict(**row).to_dict()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
