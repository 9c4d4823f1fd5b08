"""python -m mtu.evaluation.seen: in how much of a thing the scene reader sees it, by size.

A thing's extent in a picture is judged by the cells in which the reader names it, which are fewer
than those it covers. This measures the medians that `judges` divides by.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mtu.cli import Parser, run
from mtu.data.reader import RENDER_SIDE, cells_of
from mtu.playground.render import render_array
from mtu.playground.vocabulary import SIZES

from .arguments import check_arguments
from .reader import SceneReader
from .reading import read
from .trust import unseen_scenes

READER = Path(__file__).resolve().parents[2] / "assets" / "reader"


def seen(reader: SceneReader, seed: int, count: int, atlas_path=None) -> dict[str, dict]:
    """Size → {"n", "median"} of found cells (sum of probabilities) over a thing's cells.

    Of the things that are found in `count` exact renderings of scenes that no training saw.
    """
    scenes = [scene for scene, _ in unseen_scenes(seed, count, "seen")]
    pictures = [render_array(scene, RENDER_SIDE, atlas_path) for scene in scenes]
    shares: dict[str, list[float]] = {size: [] for size in SIZES}
    for scene, reading in zip(scenes, read(reader, pictures), strict=True):
        cells = {found.thing: found.cells for found in reading.things}
        for item in scene.items:
            if item.thing in cells:
                own = cells_of(item, atlas_path).sum()
                shares[item.size].append(float(cells[item.thing] / own))
    return {size: {"n": len(found), "median": float(np.median(found)) if found else None}
            for size, found in shares.items()}


def _print(args: argparse.Namespace) -> None:
    check_arguments(args)
    reader = SceneReader.from_pretrained(args.reader)
    print(json.dumps(seen(reader, args.seed, args.count, args.atlas), indent=1))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = Parser(prog="mtu.evaluation.seen", description=__doc__.splitlines()[0])
    parser.add_argument("--reader", type=Path, default=READER, metavar="DIR",
                        help="default: the shipped")
    parser.add_argument("--seed", type=int, default=0, help="another set of scenes; default: 0")
    parser.add_argument("--count", type=int, default=200, metavar="N", help="scenes; default: 200")
    parser.add_argument("--atlas", metavar="FILE", help="a glyph atlas to use, not the cached one")
    return run(parser, _print, argv)


if __name__ == "__main__":
    sys.exit(main())
