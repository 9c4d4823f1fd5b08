"""python -m mtu.train RECIPE.yaml [--resume] [--dry-run]: run one stage of a recipe."""

import argparse
import sys
from collections.abc import Callable

from mtu.training.recipe import Recipe, RecipeError, load_recipe


def build_stage(recipe: Recipe):
    """The stage a recipe names. Imports are local: a text run needs no font, a dry run no torch."""
    if recipe.stage == "text":
        from mtu.training.text_stage import TextStage as Chosen
    elif recipe.stage == "base":
        from mtu.training.denoise_stage import BaseStage as Chosen
    elif recipe.stage == "multitask":
        from mtu.training.denoise_stage import MultitaskStage as Chosen
    elif recipe.stage == "finetune":
        from mtu.training.finetune.stage import FinetuneStage as Chosen
    else:
        from mtu.training.reader_stage import ReaderStage as Chosen
    return Chosen(recipe)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mtu.train", description=__doc__)
    parser.add_argument("recipe", metavar="RECIPE.yaml")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--dry-run", action="store_true", help="print the resolved recipe and end")
    parser.add_argument("--steps", type=int, help="another number of steps in all")
    parser.add_argument("--run-dir", dest="run_dir", help="another folder for checkpoints")
    parser.add_argument("--export-to", dest="export_to", help="another folder for the weights")
    parser.add_argument("--init-from", dest="init_from", help="another model to start from")
    parser.add_argument("--atlas", help="a glyph atlas to use instead of the cached one")
    return parser


def _report(recipe: Recipe, stage) -> str:
    trained = sum(p.numel() for p in stage.module.parameters() if p.requires_grad)
    total = sum(p.numel() for p in stage.module.parameters())
    return f"{recipe.to_yaml()}# trainable {trained:,} of {total:,} parameters"


def main(argv: list[str] | None = None, out: Callable[[str], None] = print) -> int:
    """Command line entry; returns the exit status."""
    args = _parser().parse_args(argv)
    try:
        recipe = load_recipe(args.recipe, steps=args.steps, run_dir=args.run_dir,
                             export_to=args.export_to, init_from=args.init_from)
        if args.atlas:
            recipe.options["atlas"] = args.atlas
        stage = build_stage(recipe)
        if args.dry_run:
            out(_report(recipe, stage))
            return 0
        from mtu.training.loop import Trainer

        if Trainer(stage, recipe, args.resume).run():
            return 0
        print("Stopped; --resume goes on from here.", file=sys.stderr)
        return 130
    except (RecipeError, FileNotFoundError, RuntimeError, ValueError, OSError) as error:
        print(str(error).strip().splitlines()[0], file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
