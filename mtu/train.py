"""python -m mtu.train RECIPE.yaml … [--resume] [--minutes M] [--dry-run]: train.

Each recipe is a stage; several run in turn, each with what the ones before exported.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable

from mtu.cli import Parser, run
from mtu.training.recipe import Recipe, load_recipe

STOPPED = 130  # as a shell reports an interrupt
_OF_ONE = ("steps", "run_dir", "export_to", "init_from", "settings")


def build_stage(recipe: Recipe):
    """The stage a recipe names. Imports are local: a text run needs no font, a dry run no torch."""
    if recipe.stage == "text":
        from mtu.training.text_stage import TextStage as Chosen
    elif recipe.stage == "base":
        from mtu.training.base_stage import BaseStage as Chosen
    elif recipe.stage == "stem":
        from mtu.training.stem_stage import StemStage as Chosen
    elif recipe.stage == "finder":
        from mtu.training.finder_stage import FinderStage as Chosen
    elif recipe.stage == "multitask":
        from mtu.training.multitask_stage import MultitaskStage as Chosen
    elif recipe.stage == "deblocker":
        from mtu.training.deblocker_stage import DeblockerStage as Chosen
    elif recipe.stage == "sharpener":
        from mtu.training.sharpener_stage import SharpenerStage as Chosen
    elif recipe.stage == "finetune":
        from mtu.training.finetune.stage import FinetuneStage as Chosen
    else:
        from mtu.training.reader_stage import ReaderStage as Chosen
    return Chosen(recipe)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m mtu.train", description=__doc__)
    parser.add_argument("recipes", metavar="RECIPE.yaml", nargs="+")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--dry-run", action="store_true",
                        help="print the resolved recipe and what it takes, and end")
    parser.add_argument("--minutes", type=float,
                        help="stop after so long, saved as when interrupted")
    parser.add_argument("--steps", type=int, help="another number of steps in all")
    parser.add_argument("--run-dir", dest="run_dir", help="another folder for checkpoints")
    parser.add_argument("--export-to", dest="export_to", help="another folder for the weights")
    parser.add_argument("--init-from", dest="init_from", help="another model to start from")
    parser.add_argument("--atlas", help="a glyph atlas to use instead of the cached one")
    parser.add_argument("--set", dest="settings", action="append", default=[],
                        metavar="NAME=VALUE", help="another value of a field or option")
    return parser


def _report(recipe: Recipe) -> str:
    if recipe.stage == "finetune":
        from mtu.training.finetune.dry_run import dry_run

        return dry_run(recipe)
    module = build_stage(recipe).module
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    total = sum(p.numel() for p in module.parameters())
    return f"{recipe.to_yaml()}# trainable {trained:,} of {total:,} parameters"


def _hush() -> None:
    """Keep the libraries' notes on cut prompts and their bars out of the run's own lines."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    for logging in (of_diffusers, of_transformers):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def _recipe(name: str, args: argparse.Namespace) -> Recipe:
    recipe = load_recipe(name, args.settings, steps=args.steps, run_dir=args.run_dir,
                         export_to=args.export_to, init_from=args.init_from)
    if args.atlas:
        recipe.options["atlas"] = args.atlas
    return recipe


def _check(args: argparse.Namespace) -> None:
    """ValueError for what cannot be asked of several recipes at once, or of none."""
    if len(args.recipes) > 1:
        given = [f"--{name.replace('_', '-')}" for name in _OF_ONE if getattr(args, name)]
        if given:
            raise ValueError(f"{given[0]} is for one recipe, and {len(args.recipes)} are named")
    if args.minutes is not None and not args.minutes > 0:
        raise ValueError(f"--minutes must be above 0, not {args.minutes:g}")


def _train(recipe: Recipe, args: argparse.Namespace, deadline: float | None) -> bool:
    """Run one stage; False if it was interrupted or its time was up."""
    if recipe.stage == "finetune":
        _hush()
    from mtu.training.checkpoint import is_finished
    from mtu.training.loop import Trainer

    export = recipe.path("export_to") if recipe.export_to else None
    if args.resume and is_finished(recipe.path("run_dir") / "checkpoint", recipe.steps, export):
        return True
    stage = build_stage(recipe)
    finished = Trainer(stage, recipe, args.resume, deadline=deadline).run()
    if recipe.stage == "finetune":
        for line in stage.rows.skipped():
            print(line, file=sys.stderr)
    return finished


def _run(args: argparse.Namespace, out: Callable[[str], None]) -> bool:
    """What the command line asks for; False if it was interrupted or its time was up."""
    begin = time.monotonic()
    _check(args)
    recipes = [_recipe(name, args) for name in args.recipes]
    if args.dry_run:
        for recipe in recipes:
            report = _report(recipe)
            if os.environ.get("RANK", "0") == "0":  # of several processes one speaks
                out(report)
        return True
    deadline = None if args.minutes is None else begin + 60 * args.minutes
    return all(_train(recipe, args, deadline) for recipe in recipes)


def main(argv: list[str] | None = None, out: Callable[[str], None] = print) -> int:
    """Command line entry; returns the exit status: 0, 2 for bad input, 130 if it was
    interrupted or its minutes were up."""
    finished = True

    def action(args: argparse.Namespace) -> None:
        nonlocal finished
        try:
            finished = _run(args, out)
        except RuntimeError as error:  # torch's: weights that do not fit, no memory left
            raise ValueError((str(error).strip() or type(error).__name__).splitlines()[0]) from None

    status = run(_parser(), action, argv)
    if status or finished:
        return status
    print("Stopped; --resume goes on from here.", file=sys.stderr)
    return STOPPED


if __name__ == "__main__":
    sys.exit(main())
