"""The paper's protocol: a model, the four test sets, one measure each, five tables."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mtu.cost_flops import tflops
from mtu.pipeline import MTUPipeline
from mtu.tasks import TASK_NAMES

from ..folder import out_folder
from .cases import HUB, open_test, request, rows
from .clip import HUB_ID
from .inception import FEATURES
from .measures import Measures
from .peers import Peer, load_model
from .reference import METHODS, METRICS, SETTINGS, SIDE, TABLE_TASKS, TITLES, base_of
from .tables import label_of, load_report, put, write_report
from .weights import NAMES, MissingPart

PROMPT = 77  # tokens, for the count of operations
DEVICES = ("auto", "cpu", "cuda", "mps")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that only this suite reads."""
    group = parser.add_argument_group("the paper's suite (--suite paper)")
    group.add_argument("--data", metavar="DIR", help="a folder with coco, instructpix2pix, df2k "
                       f"and gqa-inpaint; {HUB}: from the hub")
    group.add_argument("--metrics-weights", metavar="DIR", help="weights of the metrics' networks")
    group.add_argument("--tables", metavar="N,…", help="some of the tables 1 to 5; default: all")
    group.add_argument("--method", choices=METHODS, default="mtu", help="how the model was trained")
    group.add_argument("--allow-missing", action="store_true",
                       help="leave out what has no data or weights, and say so in the tables")
    group.add_argument("--clip", metavar="MODEL", help="a folder or hub id; default: clip in "
                       f"--metrics-weights, else {HUB_ID}")
    group.add_argument("--lpips", choices=[net for net in NAMES if net != "inception"],
                       default="alex", help="LPIPS's backbone; default: alex")
    group.add_argument("--fid-features", type=int, choices=FEATURES, default=FEATURES[-1],
                       help="default: 2048, the FID that is comparable")
    group.add_argument("--device", choices=DEVICES, default="auto")


def evaluate_paper(args: argparse.Namespace) -> None:
    """Measure `args.model`, add it to the report in `args.out`, print the tables.

    ValueError or OSError in one sentence for bad input, and for missing data or weights unless
    `args.allow_missing`; everything is looked for before the first picture is made.
    """
    if args.count is not None and args.count < 1:
        raise ValueError(f"--count must be at least 1, not {args.count}.")
    if args.seed < 0:
        raise ValueError(f"--seed must not be negative, not {args.seed}.")
    if args.data is None:
        raise ValueError("--suite paper needs --data, the folder of the data sets.")
    if args.data != HUB and not Path(args.data).expanduser().is_dir():
        raise ValueError(f"There is no data folder {args.data}.")
    tables = _tables(args.tables)
    pipe = load_model(args.model).to(_device(args.device))
    if isinstance(pipe, Peer):
        args.method = "single_task"
    tasks = _tasks(args.tasks, tables, pipe)
    if base_of(pipe.unet.config) in SETTINGS:
        pipe.register_to_config(default_size=SIDE)  # SDXL's own is twice the paper's
    if args.bf16:
        pipe.autocast_dtype = torch.bfloat16
    if not tasks:
        raise ValueError("The tables ask for nothing that this model can do.")
    out = out_folder(args.out)
    report = load_report(out)
    parts = {task: _prepare(task, args, pipe) for task in tasks}
    row = _describe(pipe, args)
    put(report, row)
    text = write_report(report, tables, out)
    for task, part in parts.items():
        cell = part if isinstance(part, dict) else _run(task, *part, pipe, row["base"], args)
        put(report, row | {"cells": {task: cell}})
        text = write_report(report, tables, out)  # a run that is stopped leaves what it has
    print(text)


def _tables(given: str | None) -> list[int]:
    numbers = [part.strip() for part in given.split(",")] if given else list(map(str, TITLES))
    wrong = [number for number in numbers if number not in map(str, TITLES)]
    if wrong:
        raise ValueError(f"--tables takes numbers from 1 to {len(TITLES)} with commas between "
                         f"them, not {given!r}.")
    return sorted(set(map(int, numbers)))


def _tasks(given: list[str] | None, tables: list[int], pipe: MTUPipeline | Peer) -> list[str]:
    """The tasks that the tables have columns for and the model can do."""
    for name in given or ():
        if name not in pipe.layouts:
            raise ValueError(f"This model cannot do {name!r}; it can do {', '.join(pipe.layouts)}.")
    columns = {task for number in tables for task in TABLE_TASKS[number]}
    return [task for task in TASK_NAMES
            if task in columns and task in pipe.layouts and task in (given or pipe.layouts)]


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    elif name != "cpu" and not getattr(torch, name).is_available():
        raise ValueError(f"There is no device {name} here.")
    return torch.device(name)


def _describe(pipe: MTUPipeline | Peer, args: argparse.Namespace) -> dict:
    """The model's row, without figures."""
    mtu = getattr(pipe.unet, "mtu_config", None)
    row = {"model": Path(args.model).name, "base": base_of(pipe.unet.config),
           "method": args.method, "experts": mtu.num_experts if mtu else None,
           "init": mtu.init if mtu else None, "tasks": [t for t in TASK_NAMES if t in pipe.layouts],
           "params": sum(p.numel() for p in pipe.unet.parameters()), "tflops": None, "cells": {}}
    with torch.device("meta"):
        shape = type(pipe.unet).from_config(pipe.unet.config)
    side = int(pipe.config.default_size) // pipe.space.factor
    counted = tflops(shape, side, PROMPT, row["tasks"][0] if mtu else None)
    row["tflops"] = counted["without_attention_products"]
    return row | {"label": label_of(row)}


def _prepare(task: str, args: argparse.Namespace, pipe: MTUPipeline | Peer):
    """(data set, measure); with --allow-missing a cell that says what is not there."""
    folder = Path(args.metrics_weights).expanduser() if args.metrics_weights else None
    own = folder is not None and (folder / "clip").is_dir()
    clip = args.clip or (str(folder / "clip") if own else HUB_ID)
    measures = Measures(folder, clip, args.lpips, args.fid_features, pipe.device)
    if task not in pipe.trained_tasks:
        return _empty(task, "the model has not been trained for it")
    try:
        return open_test(task, args.data, int(pipe.config.default_size), args.seed), \
            measures.of(task)
    except MissingPart as missing:
        if args.allow_missing:
            return _empty(task, str(missing))
        raise ValueError(f"{missing} (--allow-missing leaves it out)") from None


def _empty(task: str, why: str) -> dict:
    """The cell of a figure that is not there."""
    return {"metric": METRICS[task][0], "value": None, "why": why}


def _run(task: str, dataset, measure, pipe: MTUPipeline | Peer, base: str | None,
         args: argparse.Namespace) -> dict:
    """Make a picture for every row and measure them: a cell of the report."""
    side, count = int(pipe.config.default_size), min(args.count or len(dataset), len(dataset))
    if task == "t2i" and count < 2:
        return _empty(task, "FID needs two pictures")
    steps, scales = _settings(task, pipe, base, args.steps)
    begin = time.perf_counter()
    for index, row in enumerate(tqdm(rows(dataset, side, count), desc=task, total=count,
                                     unit="picture", disable=None)):
        seed = np.random.SeedSequence([args.seed, TASK_NAMES.index(task), index])
        generator = torch.Generator().manual_seed(int(seed.generate_state(1)[0]))
        output = pipe(**request(row), num_inference_steps=steps, guidance_scale=scales[0],
                      image_guidance_scale=scales[1], generator=generator)
        measure.add(row, np.asarray(output.images[0]))
    seconds = (time.perf_counter() - begin) / count
    return {"metric": METRICS[task][0], "value": measure.value(), "n": count,
            "of": len(dataset), "side": side, "data": f"{dataset.name}, test",
            "skipped": dataset.rows_skipped(), "steps": steps, "guidance": scales,
            "seed": args.seed, "seconds": seconds, "with": measure.with_}


def _settings(task: str, pipe: MTUPipeline | Peer, base: str | None,
              steps: int | None) -> tuple[int, list[float]]:
    """Steps and [text, image] scales: METHOD §2's for SD1.5 and SDXL, another model's own."""
    paper = SETTINGS.get(base)
    own = pipe.config.default_steps
    own = own if isinstance(own, int) else own[task]
    scales = pipe.config.guidance.get(task) or SETTINGS["SD1.5"]["guidance"][task]
    if paper is not None:
        own, scales = paper["steps"], paper["guidance"][task]
    return own if steps is None else steps, list(scales)
