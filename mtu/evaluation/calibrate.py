"""python -m mtu.evaluation.calibrate MODEL: set what the model takes for a picture of its world.

The weights of the traits (mtu/familiar.py) are learnt, and the limit is set, on pictures that the
program renders: scenes of the world as people may bring them (drawn by the model, in a style,
shrunk, as JPEG) against textures, dead leaves and mixtures of both worlds, which stand in for
photographs. Of the scenes PASS pass. Prints the shares that pass, on pictures that nothing was
learnt from, and writes weights and limit into the model's model_index.json. Photographs are only
reported on (--photos), never learnt from.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence

import diffusers
import numpy as np
import torch
import transformers
from PIL import Image, ImageFilter
from tqdm import tqdm

from mtu.cli import Parser, read_json, run
from mtu.familiar import BIAS, TRAITS, is_familiar, traits
from mtu.images import open_image
from mtu.loading import INDEX, find_model
from mtu.pipeline import MTUPipeline
from mtu.playground.captions import caption
from mtu.playground.degrade import shrink
from mtu.playground.render import render_array
from mtu.playground.scene import sample_scene
from mtu.playground.styles import stylize
from mtu.playground.textures import leaves, texture
from mtu.playground.vocabulary import STYLES

from .arguments import check_arguments
from .photos import photo_files

PASS = 0.98  # share of the world's pictures, unseen, that pass
COUNT = 120  # pictures of each side to learn from; half as many to set the limit, and to report
DRAWN = 12  # one picture of so many is the model's own: each takes as long as a picture does
STEPS = 8
RIDGE = 1e-2  # on weights of standardised traits
ROUNDS = 30
WORLD = ("exact", "styled", "small", "drawn")
FOREIGN = ("leaves", "texture", "mixed", "faint", "blurred")
# which way each trait points to photographs: more detail, grain and colours, and nothing is flat
SIGNS = {"error": 1, "late error": 1, "structure": 1, "flat": -1, "sparse": -1, "grain": 1,
         "colours": 1}
_ODDS = (0.45, 0.1, 0.2, 0.15, 0.1)


def world_picture(kind: str, rng: np.random.Generator, pipe: MTUPipeline,
                  atlas_path=None) -> Image.Image:
    """A picture of the world as somebody may bring it, `kind` of WORLD."""
    side, scene = pipe.config.default_size, sample_scene(rng)
    if kind == "drawn":
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        output = pipe("t2i", caption(scene, rng), num_inference_steps=STEPS, generator=generator)
        return output.images[0]
    pixels = render_array(scene, side, atlas_path)
    if kind == "styled":
        pixels = stylize(pixels, str(rng.choice(list(STYLES))))
    elif kind == "small":
        return shrink(pixels, int(rng.choice((2, 4))), rng)
    return brought(Image.fromarray(pixels), rng)


def foreign_picture(kind: str, rng: np.random.Generator, side: int, atlas_path=None) -> Image.Image:
    """A picture from elsewhere, `kind` of FOREIGN; mixed: scene and leaves laid over each other."""
    pixels = texture(rng, side) if kind == "texture" else leaves(rng, side)
    if kind == "mixed":
        share = rng.uniform(0.4, 0.8)
        pixels = share * pixels + (1 - share) * render_array(sample_scene(rng), side, atlas_path)
    elif kind == "faint":
        pixels = rng.uniform(30, 225) + rng.uniform(0.1, 0.5) * (pixels - pixels.mean())
    image = Image.fromarray(np.clip(pixels, 0, 255).round().astype(np.uint8))
    if kind == "blurred":
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.5) * side / 256))
    return brought(image, rng)


def brought(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture as a file may hold it: at another size, or as JPEG, or as it is."""
    if rng.random() < 0.5:
        side = round(image.width * rng.uniform(0.6, 3.0))
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    return shrink(np.asarray(image), 1, rng) if rng.random() < 0.4 else image


def kinds(rng: np.random.Generator, count: int) -> Iterator[tuple[str, bool]]:
    """`count` pairs of a world's and a foreign picture: (kind, foreign)."""
    for number in range(count):
        drawn = number % DRAWN == DRAWN - 1
        yield ("drawn" if drawn else str(rng.choice(WORLD[:3], p=(0.5, 0.25, 0.25)))), False
        yield str(rng.choice(FOREIGN, p=_ODDS)), True


def sample(pipe: MTUPipeline, count: int, seed: Sequence[int], atlas_path=None,
           tick: Callable[[], None] = lambda: None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Traits (2 · count, len(TRAITS)), which are foreign (bool), and the kinds."""
    rows, foreign, names = [], [], []
    chosen = list(kinds(np.random.default_rng(seed), count))
    for number, (kind, is_foreign) in enumerate(chosen):
        rng = np.random.default_rng([*seed, number])
        picture = foreign_picture(kind, rng, pipe.config.default_size, atlas_path) if is_foreign \
            else world_picture(kind, rng, pipe, atlas_path)
        rows.append(list(traits(pipe, picture).values()))
        foreign.append(is_foreign)
        names.append(kind)
        tick()
    return np.array(rows), np.array(foreign), names


def fit(rows: np.ndarray, foreign: np.ndarray) -> dict[str, float]:
    """Weights of the traits and the bias, for the traits as they are.

    A trait whose weight comes out against its sign in SIGNS gets none, and the rest is fitted
    again: there the stand-ins are unlike photographs (dead leaves have fewer colours and less
    detail than scenes).
    """
    kept = np.ones(len(TRAITS), bool)
    while True:
        found, bias = _regress(rows[:, kept], foreign)
        wrong = found * np.array([SIGNS[name] for name in TRAITS])[kept] < 0
        if not wrong.any():
            break
        kept[np.flatnonzero(kept)[wrong]] = False
    weights = np.zeros(len(TRAITS))
    weights[kept] = found
    return dict(zip((*TRAITS, BIAS), (float(f"{v:.5g}") for v in (*weights, bias)), strict=True))


def _regress(rows: np.ndarray, foreign: np.ndarray) -> tuple[np.ndarray, float]:
    """Ridge logistic regression by Newton's method (Bishop 2006, §4.3.3) on standardised traits:
    weights for the traits as they are, and the bias."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-9
    x = np.column_stack([(rows - mean) / spread, np.ones(len(rows))])
    ridge = RIDGE * len(rows) * np.diag([*np.ones(len(mean)), 0.0])
    weights = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        odds = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (odds - foreign) + ridge @ weights
        curve = (x * (odds * (1 - odds))[:, None]).T @ x + ridge + 1e-9 * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    plain = weights[:-1] / spread
    return plain, float(weights[-1] - plain @ mean)


def scores(rows: np.ndarray, weights: dict[str, float]) -> np.ndarray:
    """`familiar.strangeness` of pictures with these traits (N, len(TRAITS))."""
    return rows @ [weights[name] for name in TRAITS] + weights[BIAS]


def passing(values: np.ndarray, names: Sequence[str], limit: float) -> dict[str, float]:
    """Kind → the share of its pictures that are no stranger than the limit."""
    found = {kind: values[[name == kind for name in names]] for kind in (*WORLD, *FOREIGN)}
    return {kind: float((part <= limit).mean()) for kind, part in found.items() if len(part)}


def calibrate(args: argparse.Namespace) -> None:
    """Learn, set, print and, unless told otherwise, write; ValueError if it cannot."""
    check_arguments(args, DRAWN)
    folder = find_model(args.model)
    pipe = MTUPipeline.from_pretrained(folder)
    if not pipe.space.is_pixels or pipe.config.prediction_type != "sample":
        raise ValueError("Only a model in pixel space that predicts the sample can be calibrated.")
    photos = photo_files(args.photos) if args.photos else []
    parts = (args.count, args.count // 2, args.count // 2)  # to learn, for the limit, to report
    with tqdm(total=2 * sum(parts), unit="picture", disable=None) as bar:
        learnt, held, unseen = (
            sample(pipe, count, (args.seed, number), args.atlas, bar.update)
            for number, count in enumerate(parts))
    weights = fit(learnt[0], learnt[1])
    limit = float(f"{np.quantile(scores(held[0], weights)[~held[1]], PASS):.5g}")
    pipe.register_to_config(strange_weights=weights, strangest=limit)
    values, foreign = scores(unseen[0], weights), unseen[1]
    report = {"strange_weights": weights, "strangest": limit,
              "world that passes": float((values[~foreign] <= limit).mean()),
              "elsewhere that passes": float((values[foreign] <= limit).mean()),
              "by kind": passing(values, unseen[2], limit)}
    if photos:
        passed = [file.name for file in photos if is_familiar(pipe, open_image(str(file)))]
        report["photographs"] = {"n": len(photos), "pass": passed}
    if not args.dry_run:
        index = read_json(folder / INDEX) | {"strange_weights": weights, "strangest": limit}
        (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = Parser(prog="mtu.evaluation.calibrate", description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="a model folder; its settings are changed")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N",
                        help=f"pictures of the world, and others, to learn from; default: {COUNT}")
    parser.add_argument("--photos", metavar="DIR", help="photographs to report on")
    parser.add_argument("--atlas", metavar="FILE", help="a glyph atlas to use, not the cached one")
    parser.add_argument("--dry-run", action="store_true", help="print, and write nothing")
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return run(parser, calibrate, argv)


if __name__ == "__main__":
    sys.exit(main())
