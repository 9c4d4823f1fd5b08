"""Outcomes to figures: one JSON object, and the same as tables in Markdown."""

import math

from mtu.tasks import TASKS

from .chain import chain_table
from .extras import grammar_table, style_table
from .metrics import mean_measures
from .photos import photo_table, seam_table
from .tables import number, table
from .tasks import Outcome

_TITLES = {"t2i": "Drawing", "edit": "Editing", "inpaint": "Erasing and filling",
           "sr": "Enlarging"}


def summarise(outcomes: list[Outcome]) -> dict[str, dict]:
    """Group → {"n", "model", "truth", "untouched"}: mean measures; and "mean" over the groups."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.case.group, []).append(outcome)
    summary = {}
    for name, chosen in groups.items():
        summary[name] = {"n": len(chosen)}
        for who in ("model", "truth", "untouched"):
            rows = [getattr(outcome, who) for outcome in chosen]
            summary[name][who] = mean_measures(rows) if rows[0] else None
    whole = {"n": len(outcomes)}
    for who in ("model", "truth", "untouched"):
        rows = [part[who] for part in summary.values()]
        whole[who] = mean_measures(rows) if rows[0] else None
    return summary | {"mean": whole}


def router_report(unet) -> dict | None:
    """Router weights per task, mean over the blocks, and their entropy (1 = all experts alike).

    None for a UNet without experts.
    """
    if not hasattr(unet, "router_weights"):
        return None
    weights = unet.router_weights().detach().float()  # (tasks, blocks, N)
    most = math.log(weights.shape[-1]) if weights.shape[-1] > 1 else 1.0
    entropy = -(weights * weights.clamp_min(1e-12).log()).sum(-1) / most
    return {task: {"entropy": float(entropy[k].mean()), "mean": weights[k].mean(0).tolist(),
                   "weights": weights[k].tolist()}
            for k, task in enumerate(unet.mtu_config.tasks)}


def _task_table(task: str, summary: dict) -> str:
    names = list(summary["mean"]["model"])
    head = ["group", "n", *names]
    first = names[0]
    checked = [] if task == "sr" else [name for name in (first, "count", "order", "size")
                                            if name in names]
    head += [f"{name}, of the truth" for name in checked]
    if task in ("edit", "inpaint"):
        head.append(f"{first}, of the source as it is")
    rows = []
    for group, part in summary.items():
        row = [group.replace("_", " "), str(part["n"])]
        row += [number(part["model"].get(name), name) for name in names]
        row += [number(part["truth"].get(name), name) for name in checked]
        if task in ("edit", "inpaint"):
            row.append(number(part["untouched"][first], first))
        rows.append(row)
    return table(head, rows)


def _reader_table(trust: dict) -> str:
    names = list(trust["exact"])
    rows = [[which, *(number(trust[which][name], name) for name in names)]
            for which in ("exact", "faulty")]
    none = ", ".join(f"{kind} {number(share, kind)}" for kind, share in trust["none"].items())
    return (table(["pictures", *names], rows) +
            f"\n\nAnswers \"none\", as it should: {none}. {trust['scenes']} scenes of each.")


_EXTRAS = {  # key of a task's part of the report → title, table, what it says
    "against the grammar": (
        "Free phrasing and held-out pairs", grammar_table,
        "In brackets: points more or less than prompts of the grammar with as many things."),
    "styles": ("Style by style", style_table, ""),
    "ten edits": (
        "Ten edits in a row", chain_table,
        "Against the first picture, outside everything that the edits so far were to change."),
    "seams": (
        "Seams between tiles", seam_table,
        "The difference across borders over that beside them; 1: nothing to be seen."),
    "photographs": ("Photographs, ×2", photo_table, ""),
}


def _extras(part: dict) -> list[str]:
    """Titles, tables and remarks of what a task's part holds beside its groups."""
    texts = []
    for key, (title, as_table, remark) in _EXTRAS.items():
        if part.get(key):
            texts += [f"### {title}", as_table(part[key]), remark]
    return [text for text in texts if text]


def _router_table(router: dict) -> str:
    experts = len(next(iter(router.values()))["mean"])
    rows = [[task, f"{part['entropy']:.4f}", *(f"{value:.3f}" for value in part["mean"])]
            for task, part in router.items()]
    return table(["task", "entropy", *(f"expert {k + 1}" for k in range(experts))], rows)


def to_markdown(report: dict) -> str:
    """The whole report, as `mtu.evaluate` assembles it, for people."""
    parts = [f"# Evaluation of {report['model']}",
             f"Seed {report['seed']}; {report['speed']} speed; "
             f"{report['steps'] or 'default'} steps; every scene unseen in training."
             + (" The model alone." if report.get("model alone") else " As the chat makes them.")]
    for task, summary in report["tasks"].items():
        parts += [f"## {_TITLES.get(task, task)} (`{task}`)", _task_table(task, summary["groups"]),
                  f"{summary['seconds']:.2f} seconds a picture, of {summary['steps']} steps: "
                  f"{summary['seconds a step']:.3f} seconds a step.", *_extras(summary)]
    if report["peak memory in MiB"]:
        parts.append(f"The evaluating process held {report['peak memory in MiB']:.0f} MiB at most.")
    if report["router"]:
        parts += ["## Router weights, mean over the blocks", _router_table(report["router"])]
    parts += ["## The scene reader on unseen scenes", _reader_table(report["reader"])]
    return "\n\n".join(parts) + "\n"


def task_order(names) -> list[str]:
    """Task names in the order of the registry."""
    return [name for name in TASKS if name in names]
