"""What a model draws, beside what it should have drawn.

A drawing has no counterpart, for the same words have many. So a picture of the world is noised
until its fine parts are gone but not what it shows, and the model draws the rest of the way, as
the sampler does and guided as there: the result has all of a drawing's faults, and the picture is
what it would be without them (SDEdit, Meng et al. 2022, makes such pictures for another end).
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mtu.data.playground import Playground, Row, found_cells
from mtu.guided import guided_loop
from mtu.images import to_pil, to_tensor
from mtu.look import hidden_under
from mtu.pipeline import MTUPipeline
from mtu.playground.edits import LOCAL_KINDS, REMOVAL_KINDS
from mtu.requests import check_inputs

from .pairs import ROWS, write_pairs

MORE_OF = {"rain": 3.0, "snow": 3.0}  # drawn faintly, and the first to be taken for grain
ODDS = {"t2i": 0.6, "edit": 0.2, "inpaint": 0.2}
TAILS = ((5, 12), (4, 12), (3, 12), (4, 6), (3, 6), (2, 6))  # so many last steps of so many


def draw_pairs(pipe: MTUPipeline, folder: Path, count: int, seed: int,
               atlas_path=None) -> list[Path]:
    """The files (pairs.py) of at least `count` pairs in `folder`. Pair k is a function of the
    pipeline, the seed and k."""
    worlds = {task: Playground([task], seed, pipe.config.default_size, atlas_path=atlas_path,
                               more_of=MORE_OF) for task in ODDS}
    return write_pairs(folder, count, lambda k: _draw(
        pipe, worlds, np.random.default_rng([seed, *divmod(k, ROWS)]), k))


@torch.no_grad()
def _draw(pipe: MTUPipeline, worlds: dict[str, Playground], rng: np.random.Generator,
          index: int) -> tuple[np.ndarray, np.ndarray]:
    """What the model makes of a row of the world, and the row's picture."""
    task = str(rng.choice(list(ODDS), p=list(ODDS.values())))
    steps, of = TAILS[int(rng.integers(len(TAILS)))]
    row, generator = worlds[task][index], torch.Generator().manual_seed(int(rng.integers(2**62)))
    source = None if row.source is None else Image.fromarray(row.source)
    inputs = check_inputs(
        tasks=tuple(pipe.layouts), settings=pipe.config, size_multiple=pipe.size_multiple,
        task=task, prompt=row.text, image=source, num_inference_steps=steps, generator=generator)
    start = pipe.space.encode(to_tensor(Image.fromarray(row.target)))
    noise = pipe.noise(generator, *start.shape[-2:])
    loop = guided_loop(pipe, inputs, _condition(pipe, row, rng), noise, start.to(noise), steps / of)
    made = [step.sample for step in loop][-1]
    return np.asarray(to_pil(pipe.space.decode(made))), row.target


def _condition(pipe: MTUPipeline, row: Row, rng: np.random.Generator) -> torch.Tensor | None:
    """The row's source as the pipeline shows it: hidden where a part of it changes."""
    if row.source is None:
        return None
    part, shown = row.mask, to_tensor(Image.fromarray(row.source))
    if part is None and row.kind in (*LOCAL_KINDS, *REMOVAL_KINDS):
        part = found_cells(row.source, row.target, rng)
    if part is None:
        return pipe._condition(row.task, shown, None)
    area = Image.fromarray(part.astype(np.uint8) * 255)
    if row.task in pipe.config.first_look:
        shown = hidden_under(shown, to_tensor(area))
    return pipe._condition(row.task, shown, area)
