"""python -m mtu.walk: try the walk on tiny denoisers of diffusers and print what came of it."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

import diffusers
import torch
from diffusers.utils import logging
from torch import nn

from .cli import Parser, run
from .config import MTUConfig
from .denoiser import Found, MTUDenoiser, find
from .experts import ExpertFeedForward
from .walk_models import REFUSED, TRIED, Tiny

MIXED = ("t2i", "other")


class Trial(NamedTuple):
    """preserved: the largest relative change of the output over the tasks, at the start. apart:
    the relative difference of the tasks' outputs once everything that trains has been moved.
    mixed: the largest relative difference of a row in a batch of both tasks from that row alone;
    None if the model cannot take such a batch, for the reason in `mixed_refused`."""

    found: Found
    upcycled: int
    total: int
    preserved: float
    apart: float
    mixed: float | None
    mixed_refused: str | None


@torch.no_grad()
def try_walk(name: str, tiny: Tiny) -> Trial:
    """Upcycle a tiny model to two tasks in float64, the second with a condition where it can."""
    base = tiny.build(name)
    total = sum(p.numel() for p in base.parameters())
    inputs = tiny.inputs(2)
    expected = _run(base, inputs)
    channels = 0 if find(base).input is None else base.config.in_channels
    model = MTUDenoiser(base, MTUConfig(tasks={"t2i": 0, "other": channels}))
    condition = torch.randn_like(next(iter(inputs.values())))
    changes = [_error(_run(model, inputs, condition, task), expected) for task in MIXED]
    _move(model)
    outputs = [_run(model, inputs, condition, task) for task in MIXED]
    mixed, refused = None, None
    try:
        both = _run(model, inputs, condition, list(MIXED))
        alone = [
            _run(model, _row(tiny, inputs, i), condition[i : i + 1], task)
            for i, task in enumerate(MIXED)
        ]
        mixed = max(_error(both[i : i + 1], row) for i, row in enumerate(alone))
    except ValueError as error:
        refused = str(error)
    experts = [m.net for m in model.modules() if isinstance(m, ExpertFeedForward)]
    upcycled = sum(p.numel() for net in experts for p in net.parameters())
    return Trial(model.found, upcycled, total, max(changes), _error(*outputs), mixed, refused)


def refusal(name: str) -> str:
    """Why the walk refuses a class of `REFUSED`; built without weights."""
    with torch.device("meta"):
        model = getattr(diffusers, name)(**REFUSED[name])
    try:
        find(model)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{name} was expected to be refused")


def table() -> str:
    """The markdown tables of docs/denoisers.md."""
    lines = [
        "| class | feed-forwards | parameters upcycled | task norms | condition | preserved to "
        "| tasks apart | mixed batch |",
        "|---|---|---|---|---|---|---|---|",
    ]
    notes = []
    for name, tiny in TRIED.items():
        trial = try_walk(name, tiny)
        sites = trial.found.sites
        norms = sum(site.norm is not None for site in sites)
        condition = "no" if trial.found.input is None else f"`{trial.found.input}`"
        mixed = "no" if trial.mixed is None else _exact(trial.mixed)
        lines.append(
            f"| {name} | {len(sites)} | {trial.upcycled / trial.total:.0%} | {norms} "
            f"| {condition} | {_exact(trial.preserved)} | {trial.apart:.2f} | {mixed} |"
        )
        notes += _notes(name, trial)
    lines += ["", "| class | what stays as it is, and why |", "|---|---|", *notes]
    lines += ["", "| refused | reason |", "|---|---|"]
    lines += [f"| {name} | {refusal(name)} |" for name in REFUSED]
    return "\n".join(lines)


def _exact(error: float) -> str:
    return f"{error:.0e}" if error else "equal"


def _notes(name: str, trial: Trial) -> list[str]:
    found = trial.found
    notes = dict.fromkeys(f"norm: {s.norm_stays}" for s in found.sites if s.norm_stays)
    notes |= dict.fromkeys(f"{block}: {reason}" for block, reason in found.left.items())
    if found.no_condition:
        notes[f"condition: {found.no_condition}"] = None
    if trial.mixed_refused:
        notes[f"mixed batch: {trial.mixed_refused}"] = None
    return [f"| {name} | {'; '.join(notes)} |"] if notes else []


def _run(model: nn.Module, inputs: dict, condition=None, task=None) -> torch.Tensor:
    own = {} if task is None else {"task": task, "condition": condition}
    return model(**inputs, **own, return_dict=False)[0]


def _row(tiny: Tiny, inputs: dict, index: int) -> dict:
    return {
        name: value if name in tiny.shared else value[index : index + 1]
        for name, value in inputs.items()
    }


def _move(model: MTUDenoiser) -> None:
    """Everything that trains, away from its start."""
    generator = torch.Generator().manual_seed(1)
    for parameter in model.trainable_parameters():
        noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        parameter.add_(0.2 * noise)


def _error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    return ((actual - expected).norm() / expected.norm()).item()


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="mtu.walk", description=__doc__)
    logging.set_verbosity_error()
    return run(parser, lambda args: print(table()), argv)


if __name__ == "__main__":
    sys.exit(main())
