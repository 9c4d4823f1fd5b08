"""python -m mtu.evaluate MODEL: what a model of the playground world can do, in figures.

Every picture is compared with exact ground truth on unseen seeds; a small scene reader judges
what is in it. Writes report.json, report.md and a sheet of samples per task. With --suite paper,
the paper's test sets, measures and tables instead (mtu.evaluation.paper): paper.json, paper.md.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import diffusers
import torch
import transformers
from tqdm import tqdm

from mtu.cli import Parser, run
from mtu.evaluation.arguments import check_arguments
from mtu.evaluation.cases import GROUPS, Sampler
from mtu.evaluation.chain import EDITS, chains, run_chains
from mtu.evaluation.extras import against_grammar, by_style, peak_memory, steps_of
from mtu.evaluation.folder import out_folder
from mtu.evaluation.grids import first_of_each, save_sheet, sheet
from mtu.evaluation.paper.suite import add_arguments, evaluate_paper
from mtu.evaluation.photos import photo_files, run_photos, run_seams, seam_pictures
from mtu.evaluation.reader import SceneReader
from mtu.evaluation.report import router_report, summarise, task_order, to_markdown
from mtu.evaluation.tasks import counts, model_side, run_task
from mtu.evaluation.trust import trust
from mtu.pipeline import MTUPipeline
from mtu.tasks import TASK_NAMES

SUITES = ("playground", "paper")
COUNT = 24  # cases a group of the playground
READER = Path(__file__).resolve().parent.parent / "assets" / "reader"


def evaluate(args: argparse.Namespace) -> None:
    """Make the report that `args` asks for, write and print it; ValueError if it cannot."""
    if args.suite == "paper" and args.fast:
        raise ValueError("--fast is not for the paper's suite, which has its own steps.")
    if args.suite == "paper":
        return evaluate_paper(args)
    args.count = COUNT if args.count is None else args.count
    check_arguments(args)
    reader = SceneReader.from_pretrained(Path(args.reader))
    pipe = MTUPipeline.from_pretrained(args.model)
    if args.bf16:
        pipe.autocast_dtype = torch.bfloat16
    tasks = _chosen(args.tasks, pipe)
    if args.fast:
        pipe.speed = "fast"
        steps_of(pipe, tasks[0])  # says so if the model has no fast way
    if args.photos and "sr" not in tasks:
        raise ValueError("--photos measures enlarging (sr), which is not among the tasks.")
    photos = photo_files(args.photos) if args.photos else []
    out = out_folder(args.out)
    sampler = Sampler(args.seed, model_side(pipe), args.atlas)
    asked = chains(sampler, args.count, tasks)
    large = seam_pictures(photos, sampler.side, args.seed, args.count, args.atlas) \
        if "sr" in tasks else []
    report = {"model": Path(args.model).name, "seed": args.seed, "count": args.count,
              "speed": pipe.speed, "steps": args.steps, "model alone": args.model_alone,
              "tasks": {}, "router": router_report(pipe.unet),
              "peak memory in MiB": None,
              "reader": trust(reader, args.seed, 6 * args.count, args.atlas)}
    total = sum(sum(counts(task, args.count).values()) for task in tasks)
    total += EDITS * len(asked) + len(large) + 2 * len(photos)
    with tqdm(total=total, unit="picture", disable=None) as bar:
        for task in tasks:
            bar.set_description(task)
            outcomes, seconds = run_task(pipe, reader, sampler, task, args.count, args.steps,
                                         bar.update, args.model_alone)
            number = steps_of(pipe, task, args.steps)
            part = {"groups": summarise(outcomes), "seconds": seconds, "steps": number,
                    "seconds a step": seconds / number}
            if task == "t2i":
                part["against the grammar"] = against_grammar(outcomes)
            elif task == "edit":
                part["styles"] = by_style(outcomes)
                part["ten edits"] = run_chains(pipe, asked, args.steps, bar.update,
                                                args.model_alone)
            elif task == "sr":
                part["seams"] = run_seams(pipe, large, args.seed, args.steps, bar.update)
                if photos:
                    part["photographs"] = run_photos(pipe, photos, args.seed, args.steps,
                                                     bar.update)
            report["tasks"][task] = part
            report["peak memory in MiB"] = peak_memory()
            save_sheet(sheet(first_of_each(outcomes)), out / f"{task}.webp")
            _write(report, out)  # an evaluation that is stopped leaves what it has
    print((out / "report.md").read_text(encoding="utf-8"))


def _chosen(names: list[str] | None, pipe: MTUPipeline) -> list[str]:
    missing = [name for name in names or () if name not in pipe.layouts]
    if missing:
        known = ", ".join(pipe.layouts)
        raise ValueError(f"This model cannot do {missing[0]!r}; it can do {known}.")
    return task_order(names or pipe.layouts)


def _write(report: dict, out: Path) -> None:
    text = json.dumps(report, indent=1, ensure_ascii=False)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
    (out / "report.md").write_text(to_markdown(report), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = Parser(prog="mtu.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="a model folder, or a hub id")
    parser.add_argument("--suite", choices=SUITES, default=SUITES[0], help="default: playground")
    parser.add_argument("--seed", type=int, default=0, help="another set of cases; default: 0")
    parser.add_argument("--out", default="evaluation", metavar="DIR", help="default: evaluation")
    parser.add_argument("--count", type=int, metavar="N",
                        help=f"cases a group, of which there are {sum(map(len, GROUPS.values()))}; "
                             f"default: {COUNT}. "
                             "Of the paper's suite: pictures a task; default: all")
    parser.add_argument("--tasks", nargs="+", choices=TASK_NAMES, help="default: all it can do")
    parser.add_argument("--steps", type=int, metavar="N", help="default: the model's own")
    parser.add_argument("--fast", action="store_true", help="the model's fast way, if it has one")
    parser.add_argument("--model-alone", action="store_true",
                        help="without what the chat adds: its reading of free wording, exact "
                             "styles, and edits that cut a thing out")
    parser.add_argument("--photos", metavar="DIR",
                        help="a folder of photographs, to be enlarged too; default: none")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16")
    parser.add_argument("--atlas", metavar="FILE", help="a glyph atlas to use, not the cached one")
    parser.add_argument("--reader", default=str(READER), metavar="DIR", help="default: the shipped")
    add_arguments(parser)
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return run(parser, evaluate, argv)


if __name__ == "__main__":
    sys.exit(main())
