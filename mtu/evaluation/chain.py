"""Ten edits in a row: what is left of the first picture where none of them changed anything."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mtu.pipeline import MTUPipeline
from mtu.playground.edits import LOCAL_KINDS, apply, sample_edit, sample_removal
from mtu.playground.instructions import instruction
from mtu.playground.render import render_array
from mtu.playground.scene import sample_scene

from .cases import Case, Sampler
from .judges import MARGIN
from .metrics import grown, psnr
from .tables import number, table
from .tasks import answer

EDITS = 10
CHAINS = 3  # at most: each costs ten pictures
NAME = "ten edits"
_LEAST = 0.25  # of the picture must lie outside all changes, or nothing is measured
_MOST_THINGS = 3
_SHOWN = (1, 2, 5, 10)


@dataclass(frozen=True)
class Chain:
    """Edits each of the one before. outside: bool (H, W) after each, where none so far changed
    the right answers; it only shrinks."""

    cases: tuple[Case, ...]
    outside: tuple[np.ndarray, ...]


def chains(sampler: Sampler, count: int, tasks=("edit", "inpaint")) -> list[Chain]:
    """The first `count` chains, at most CHAINS, of local edits and, among `tasks`, removals."""
    kinds = LOCAL_KINDS if "edit" in tasks else ()
    kinds += ("remove_name",) if "inpaint" in tasks and kinds else ()
    return [_chain(sampler, number, kinds) for number in range(min(count, CHAINS) if kinds else 0)]


def _chain(sampler: Sampler, number: int, kinds: tuple[str, ...]) -> Chain:
    rng = np.random.default_rng([sampler.seed, zlib.crc32(NAME.encode()), number])
    while True:
        cases, outside = [], []
        scene = sample_scene(rng, 2)
        pixels = render_array(scene, sampler.side, sampler.atlas_path)
        unchanged = np.ones(pixels.shape[:2], bool)
        while len(cases) < EDITS:
            case = _next(scene, pixels, kinds, rng, sampler)
            unchanged = unchanged & ~grown((case.truth != pixels).any(-1), MARGIN)
            scene, pixels = apply(case.edit, scene), case.truth
            cases.append(replace(case, seed=EDITS * number + len(cases)))
            outside.append(unchanged)
        if unchanged.mean() >= _LEAST:
            return Chain(tuple(cases), tuple(outside))


def _next(scene, pixels: np.ndarray, kinds, rng, sampler: Sampler) -> Case:
    """A random edit of the scene that leaves one to three things in it."""
    while True:
        kind = str(rng.choice(kinds))
        removes = kind == "remove_name"
        edit = sample_removal(rng, scene, kind) if removes else sample_edit(rng, scene, kind)
        if edit and 1 <= len(apply(edit, scene).items) <= _MOST_THINGS:
            truth = render_array(apply(edit, scene), sampler.side, sampler.atlas_path)
            return Case("inpaint" if removes else "edit", NAME, instruction(scene, edit, rng), 0,
                        truth, pixels, scene, edit)


def run_chains(pipe: MTUPipeline, asked: list[Chain], steps: int | None = None,
               tick: Callable[[], None] = lambda: None, alone: bool = False) -> dict:
    """{"PSNR": per chain, after each edit, against the first picture outside all changes so far;
    "outside": per chain, the share of the picture that no edit changed}. alone: see `answer`."""
    values = []
    for chain in asked:
        first = picture = chain.cases[0].source
        row = []
        for case, outside in zip(chain.cases, chain.outside, strict=True):
            picture = answer(pipe, replace(case, source=picture), steps, alone)
            row.append(psnr(picture, first, outside))
            tick()
        values.append(row)
    return {"PSNR": values, "outside": [float(chain.outside[-1].mean()) for chain in asked]}


def chain_table(result: dict) -> str:
    """A row per chain, and their mean."""
    rows = [[str(k + 1), *(number(row[after - 1], "PSNR") for after in _SHOWN),
             number(share, "share")]
            for k, (row, share) in enumerate(zip(result["PSNR"], result["outside"], strict=True))]
    means = np.mean(result["PSNR"], 0)
    rows.append(["mean", *(number(means[after - 1], "PSNR") for after in _SHOWN),
                 number(float(np.mean(result["outside"])), "share")])
    heads = [f"PSNR after {after} edit{'s' * (after > 1)}" for after in _SHOWN]
    return table(["chain", *heads, "unchanged of the picture"], rows)
