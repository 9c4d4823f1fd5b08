"""python -m mtu.train RECIPE.yaml [--resume] [--dry-run]: run one stage of a recipe."""

import argparse
import os
import sys
from collections.abc import Callable

from mtu.cli import Parser, run
from mtu.training.recipe import Recipe, load_recipe

STOPPED = 130  # as a shell reports an interrupt


def build_stage(recipe: Recipe):
    """The stage a recipe names. Imports are local: a text run needs no font, a dry run no torch."""
    if recipe.stage == "text":
        from mtu.training.text_stage import TextStage as Chosen
    elif recipe.stage == "base":
        from mtu.training.denoise_stage import BaseStage as Chosen
    elif recipe.stage == "stem":
        from mtu.training.stem_stage import StemStage as Chosen
    elif recipe.stage == "multitask":
        from mtu.training.denoise_stage import MultitaskStage as Chosen
    elif recipe.stage == "finetune":
        from mtu.training.finetune.stage import FinetuneStage as Chosen
    else:
        from mtu.training.reader_stage import ReaderStage as Chosen
    return Chosen(recipe)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m mtu.train", description=__doc__)
    parser.add_argument("recipe", metavar="RECIPE.yaml")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--dry-run", action="store_true",
                        help="print the resolved recipe and what it takes, and end")
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


def _train(args: argparse.Namespace, out: Callable[[str], None]) -> bool:
    """What the command line asks for; False if it was interrupted."""
    recipe = load_recipe(args.recipe, args.settings, steps=args.steps, run_dir=args.run_dir,
                         export_to=args.export_to, init_from=args.init_from)
    if args.atlas:
        recipe.options["atlas"] = args.atlas
    if recipe.stage == "finetune":
        _hush()
    if args.dry_run:
        report = _report(recipe)
        if os.environ.get("RANK", "0") == "0":  # of several processes one speaks
            out(report)
        return True
    stage = build_stage(recipe)
    from mtu.training.loop import Trainer

    finished = Trainer(stage, recipe, args.resume).run()
    if recipe.stage == "finetune":
        for line in stage.rows.skipped():
            print(line, file=sys.stderr)
    return finished


def main(argv: list[str] | None = None, out: Callable[[str], None] = print) -> int:
    """Command line entry; returns the exit status: 0, 2 for bad input, 130 if interrupted."""
    finished = True

    def action(args: argparse.Namespace) -> None:
        nonlocal finished
        try:
            finished = _train(args, out)
        except RuntimeError as error:  # torch's: weights that do not fit, no memory left
            raise ValueError((str(error).strip() or type(error).__name__).splitlines()[0]) from None

    status = run(_parser(), action, argv)
    if status or finished:
        return status
    print("Stopped; --resume goes on from here.", file=sys.stderr)
    return STOPPED


if __name__ == "__main__":
    sys.exit(main())
