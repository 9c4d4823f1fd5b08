"""Figures within a task: free phrasing and held-out pairs against the grammar, styles, speed."""

import sys

from mtu.pipeline import MTUPipeline
from mtu.speed import pace_of

from .cases import COUNTS, FREE
from .metrics import mean_measures
from .tables import number, table
from .tasks import Outcome

_GRAMMAR = {1: "one thing", 2: "two things", 3: "three things"}
_COMPARED = ("things", "count", "place", "time", "weather", "nothing else")


def against_grammar(outcomes: list[Outcome]) -> dict[str, dict]:
    """Drawings asked for in free phrasing, and of held-out pairs, against those of the grammar.

    Row → {"n", "measures", "grammar"}, of the grammar's groups with as many things, counts with
    counts; held-out pairs against the same mixture of them. Only of the measures that both have.
    """
    groups = (*_GRAMMAR.values(), COUNTS)
    grammar = {group: mean_measures([o.model for o in outcomes if o.case.group == group])
               for group in groups}
    rows: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.case.group == FREE:
            rows.setdefault(f"{FREE}, {_like(outcome)}", []).append(outcome)
        elif outcome.case.group == "held-out pairs":
            rows.setdefault(outcome.case.group, []).append(outcome)
    result = {}
    for name in (*(f"{FREE}, {group}" for group in groups), "held-out pairs"):
        if chosen := rows.get(name):
            alike = mean_measures([grammar[_like(outcome)] for outcome in chosen])
            ours = mean_measures([outcome.model for outcome in chosen])
            result[name] = {"n": len(chosen), "measures": {key: ours[key] for key in _COMPARED},
                            "grammar": {key: alike[key] for key in _COMPARED}}
    return result


def _like(outcome: Outcome) -> str:
    """The group of the grammar that asks for as much."""
    things = [item.thing for item in outcome.case.scene.items]
    return _GRAMMAR[len(things)] if len(set(things)) == len(things) else COUNTS


def grammar_table(result: dict) -> str:
    """Shares of the row, and in brackets the points that they differ from the grammar's."""
    rows = []
    for name, part in result.items():
        cells = []
        for key in _COMPARED:
            ours, other = part["measures"][key], part["grammar"][key]
            points = "" if None in (ours, other) else f" ({100 * (ours - other):+.0f})"
            cells.append(number(ours, key) + points)
        rows.append([name, str(part["n"]), *cells])
    return table(["drawings (points against the grammar)", "n", *_COMPARED], rows)


def by_style(outcomes: list[Outcome]) -> dict[str, dict]:
    """Style → {"n", "done", "PSNR to truth", "PSNR of the source as it is"}."""
    rows: dict[str, list[dict]] = {}
    for outcome in outcomes:
        if outcome.case.group == "style":
            rows.setdefault(outcome.case.edit.value, []).append(
                {"done": outcome.model["done"], "PSNR to truth": outcome.model["PSNR to truth"],
                 "PSNR of the source as it is": outcome.untouched["PSNR to truth"]})
    return {style: {"n": len(found)} | mean_measures(found)
            for style, found in sorted(rows.items())}


def style_table(result: dict) -> str:
    """A row per style."""
    names = [name for name in next(iter(result.values())) if name != "n"]
    rows = [[style, str(part["n"]), *(number(part[name], name) for name in names)]
            for style, part in result.items()]
    return table(["style", "n", *names], rows)


def steps_of(pipe: MTUPipeline, task: str, steps: int | None = None) -> int:
    """Denoising steps of a picture: those asked for, or the model's own for the task and speed."""
    return steps or pace_of(pipe.config, task, pipe.speed).steps


def peak_memory() -> float | None:
    """The most memory this process has held so far, in MiB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
