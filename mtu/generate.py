"""python -m mtu.generate: one picture from the command line."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import diffusers
import torch
import transformers

from .cli import Parser, run
from .images import open_image
from .pipeline import MTUPipeline
from .tasks import TASK_NAMES
from .trained import require_trained

DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "assets" / "playground"
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def generate(args: argparse.Namespace) -> None:
    """Make the picture `args` ask for, save it and print one line; ValueError if it cannot."""
    out = _check_out(Path(args.out))
    if not 0 <= args.seed < 2**63:
        raise ValueError(f"--seed must lie between 0 and 2^63 - 1, not {args.seed}.")
    image = open_image(args.image) if args.image else None
    mask = open_image(args.mask) if args.mask else None
    pipeline = MTUPipeline.from_pretrained(args.model)
    require_trained(pipeline.unet, args.task)
    begin = time.perf_counter()
    output = pipeline(
        args.task,
        args.prompt,
        image=image,
        mask=mask,
        scale=args.scale,
        num_inference_steps=args.steps,
        speed="fast" if args.fast else "best",
        generator=torch.Generator().manual_seed(args.seed),
    )
    picture = output.images[0]
    if pipeline.is_flagged(picture):
        raise ValueError("The model's safety checker holds the picture to be unfit, so it is not "
                         "saved; try another seed or other words.")
    picture.save(out, **({"quality": 95} if out.suffix.lower() != ".png" else {}))
    seconds = time.perf_counter() - begin
    print(f"{out} {picture.width}x{picture.height} seed {args.seed} {seconds:.1f} s")


def _check_out(out: Path) -> Path:
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"--out must end in {', '.join(SUFFIXES)}, not {out.name}.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} to write {out.name} to.")
    return out


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="mtu.generate", description=__doc__)
    parser.add_argument("--task", required=True, choices=TASK_NAMES)
    parser.add_argument("--prompt", default="", help="what to draw, to change or to remove")
    parser.add_argument("--image", metavar="FILE", help="the source (edit, sr, inpaint)")
    parser.add_argument("--mask", metavar="FILE", help="white where the source may change")
    parser.add_argument("--scale", type=int, choices=(2, 4), default=2, help="sr; default: 2")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--steps", type=int, help="default: the model's own")
    parser.add_argument("--fast", action="store_true",
                        help="fewer passes of the model, where it knows how")  # fmt: skip
    parser.add_argument("--model", default=str(DEFAULT_MODEL), metavar="PATH_OR_HUB_ID")
    parser.add_argument("--out", required=True, metavar="FILE", help=", ".join(SUFFIXES))
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return run(parser, generate, argv)


if __name__ == "__main__":
    sys.exit(main())
