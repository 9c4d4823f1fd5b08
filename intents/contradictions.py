"""Find texts that the templates label twice: python -m intents.contradictions [--draws N].

Draws texts from the English templates, undressed, and prints those that two intents yield under the
same context, with the two templates. Exit status 0 in any case: a few are open by nature.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict

from .corpus import normalise
from .grammar import Grammar
from .labels import CONTEXTS, INTENTS, Context

NAMES = {context: name for name, context in CONTEXTS.items()}


def contradictions(
    grammar: Grammar, draws: int, seed: int = 0
) -> tuple[int, dict[tuple[str, Context], dict[str, str]]]:
    """How many texts with a context were drawn, each counted once; and of those with two or more
    intents, a template line for each intent."""
    rng = random.Random(seed)
    said: dict[tuple[str, Context], dict[str, str]] = defaultdict(dict)
    for number in range(draws):
        intent = INTENTS[number % len(INTENTS)]
        template = grammar.draw(intent, rng)
        text = normalise(grammar.expand(template.nodes, rng))
        for context in set(template.contexts):
            said[text, context].setdefault(intent, template.line)
    return len(said), {key: lines for key, lines in said.items() if len(lines) > 1}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m intents.contradictions", description=__doc__)
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    if args.draws < 1:
        parser.error("--draws must be at least 1")
    total, found = contradictions(Grammar(), args.draws, args.seed)
    print(f"{total} texts with a context, {len(found)} with two labels")
    for (text, context), lines in found.items():
        print(f"\n{text!r} ({NAMES[context]})")
        for intent, line in lines.items():
            print(f"  {intent}: {line[:120]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
