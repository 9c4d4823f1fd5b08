"""The report of the paper's suite: rows that add up over runs, and the tables as Markdown."""

import json
from pathlib import Path

from mtu.cli import read_json
from mtu.tasks import TASK_NAMES

from .reference import METHODS, METRICS, PAPER, TABLE_TASKS, TITLES

REPORT = "paper.json"


def key_of(row: dict) -> tuple:
    """Rows with the same key are one: what a run measures goes into it, task by task.

    A baseline is a set of models of one task each, MTU is known by its mixture of tasks.
    """
    base = row["base"] or row["model"]
    if row["method"] != "mtu":
        return base, row["method"]
    return base, row["method"], row["experts"], row["init"], tuple(row["tasks"])


def label_of(row: dict) -> str:
    """A row's first column."""
    base = row["base"] or row["model"]
    if row["method"] != "mtu":
        return f"{base}, {METHODS[row['method']]}"
    name = f"MTU {base}" + (f", N={row['experts']}" if row["experts"] else "")
    if row["init"] == "paper" and row["experts"] != 1:
        name += ", init as in the paper"
    return name if len(row["tasks"]) == len(TASK_NAMES) else f"{name}, {' + '.join(row['tasks'])}"


def belongs(row: dict, table: int) -> bool:
    """Whether a row stands in a table."""
    whole = row["method"] == "mtu" and len(row["tasks"]) == len(TASK_NAMES)
    return {1: whole or row["method"] == "single_task", 2: row["method"] in ("lora", "ia3"),
            3: row["method"].startswith("component"), 4: whole, 5: row["method"] == "mtu"}[table]


def load_report(out: Path) -> dict:
    """The report in the folder `out`, or an empty one. ValueError if it is none of this suite."""
    if not (out / REPORT).exists():
        return {"suite": "paper", "rows": []}
    report = read_json(out / REPORT)
    if report.get("suite") != "paper" or not isinstance(report.get("rows"), list):
        raise ValueError(f"{out / REPORT} is no report of the paper's suite")
    return report


def put(report: dict, row: dict) -> None:
    """Add a row; cells it shares with an earlier one of its key are replaced."""
    for known in report["rows"]:
        if key_of(known) == key_of(row):
            cells = {**known["cells"], **row["cells"]}
            cells = {task: cells[task] for task in TASK_NAMES if task in cells}
            known.update({**row, "cells": cells})
            return
    report["rows"].append(row)


def write_report(report: dict, tables: list[int], out: Path) -> str:
    """paper.json and paper.md into `out`; returns the Markdown."""
    whole = report | {"paper": {str(number): PAPER[number] for number in tables}}
    text = to_markdown(report, tables)
    (out / REPORT).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n",
                              encoding="utf-8")
    (out / "paper.md").write_text(text, encoding="utf-8")
    return text


def to_markdown(report: dict, tables: list[int]) -> str:
    """The tables, the paper's rows above ours, and how ours were measured."""
    parts = ["# The paper's tables"]
    for number in tables:
        parts += [f"## Table {number}. {TITLES[number]}", _table(report["rows"], number)]
    notes = [note for row in report["rows"] for note in _notes(row)]
    if notes:
        parts += ["## How our figures were measured", "\n".join(f"- {note}" for note in notes)]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[dict], number: int) -> str:
    costs = number == 1
    tasks = TABLE_TASKS[number]
    head = ["model", "figures", *(["TFLOPs", "params"] if costs else []),
            *(METRICS[task][0] for task in tasks)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in PAPER[number]:
        cells = [_number(row["figures"].get(task), task) for task in tasks]
        cost = [_plain(row["tflops"]), row["params"] or "–"] if costs else []
        lines.append(f"| {' | '.join([row['label'], 'paper', *cost, *cells])} |")
    for row in rows:
        if belongs(row, number):
            cells = [_cell(row["cells"].get(task), task) for task in tasks]
            cost = [_plain(row["tflops"]), _millions(row["params"])] if costs else []
            lines.append(f"| {' | '.join([label_of(row), '**ours**', *cost, *cells])} |")
    return "\n".join(lines)


def _cell(cell: dict | None, task: str) -> str:
    if cell is None:
        return "–"
    return f"not run: {cell['why']}" if cell["value"] is None else _number(cell["value"], task)


def _number(value: float | None, task: str) -> str:
    return "–" if value is None else f"{value:.{METRICS[task][1]}f}"


def _plain(value: float | None) -> str:
    """TFLOPs; small models' are far below the paper's two digits."""
    return "–" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _millions(count: int | None) -> str:
    if count is None:
        return "–"
    return f"{count / 1e9:.1f}B" if count >= 1e9 else f"{count / 1e6:.0f}M"


def _notes(row: dict) -> list[str]:
    """One line per figure of ours: what it stands on."""
    notes = []
    for task, cell in row["cells"].items():
        if cell["value"] is not None:
            text, image = cell["guidance"]
            notes.append(
                f"{label_of(row)}, {METRICS[task][0][:-2]}: {cell['n']} of the {cell['of']} rows "
                f"of {cell['data']} ({cell['skipped']} skipped), {cell['side']}² pixels, "
                f"{cell['steps']} steps, guidance {text:g} text and {image:g} image, "
                f"seed {cell['seed']}, {cell['with']}, {cell['seconds']:.2f} s a picture.")
    return notes
