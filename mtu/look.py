"""A first look: find where a change belongs, then draw that part afresh.

A narrow UNet that changes a picture cannot subtract what it does not carry: of a thing removed or
replaced a ghost remains. So the source is hidden where it is to change, under the user's mask or,
where none was given, under the cells that a few steps of a first look change. What is then drawn
there is drawn from the words and the surroundings, and everything else is kept.
Hiding the source is Stable Diffusion's way of inpainting (Rombach et al. 2022), finding the mask
by what a first prediction changes is close to DiffEdit's (Couairon et al. 2022). What hides is not
grey but the surroundings, drawn in by pull and push (Gortler et al. 1996, "The lumigraph"): the
UNet starts from a ground without the thing and learns the change of that.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage

from .compose import find_change
from .coring import cored, in_front, is_drawn
from .finder import chosen_cells
from .guidance import branches
from .images import to_pil, to_tensor
from .requests import Inputs
from .steps import Step

BLOCKS = ((2, 2), (2, 2), *((1, 2),) * 6, (2, 2))  # heights and widths, the last one repeated
SHARE = 0.3  # of a cell that must change for the cell to be hidden
GUIDANCE = 1.5  # by text, at most: more of it changes everything a little, wherever the change is


class NotFound(ValueError):
    """What a request is about is nowhere in the picture, as far as the model sees."""

    def __init__(self):
        super().__init__("I do not find that in the picture. Paint over the part you mean, or "
                         "name it another way.")


class Seen(NamedTuple):
    """What a look at a picture told. area: the part that changes, an "L" mask at the model's size;
    None where that is not known. whole: the picture changes as a whole. steps: what it took."""

    area: Image.Image | None
    whole: bool = False
    steps: int = 0


def look(pipeline, inputs: Inputs, source: Image.Image,
         condition: torch.Tensor) -> Generator[Step, None, Seen]:
    """Where an MTUPipeline changes `source` ("RGB", at the model's size): its finder says so, or
    where it has none the difference that a few steps make. NotFound if the finder finds nothing.
    condition: (1, C_cond, h, w), of the source.
    """
    if pipeline.finder is not None:
        cells = find_with(pipeline, inputs.where or inputs.prompt, source)
        if not cells.any():
            raise NotFound
        if inputs.where and not cells.all():
            cells = boxed(cells)
        return Seen(None, True) if cells.all() else Seen(_mask_of(cells, source))
    looking = first_look(inputs, pipeline.config.first_look)
    if looking is None:
        return Seen(None)
    rough = yield from pipeline._loop(looking, condition, 0, inputs.steps)
    cells = find_cells(to_tensor(source), to_tensor(rough), pipeline.space.factor,
                       inputs.task == "inpaint")
    return Seen(None if cells is None else _mask_of(cells, source), steps=looking.steps)


def first_look(inputs: Inputs, looks: dict) -> Inputs | None:
    """The request's first look: fewer steps of the same, hardly guided, at most a third of them;
    None where there are too few."""
    steps = min(looks[inputs.task], inputs.steps // 3)
    if not steps:
        return None
    rows = inputs.rows
    if rows[-1].weight > GUIDANCE:  # conditions come last
        rows = branches(GUIDANCE, 1.0, bool(inputs.prompt), has_image=True)
    return replace(inputs, steps=steps, rows=rows)


def find_cells(source: torch.Tensor, rough: torch.Tensor, cell: int,
               local: bool) -> torch.Tensor | None:
    """The cells of `cell` pixels in which `rough` (1, 3, H, W) differs from `source`, both in
    [-1, 1], as 0 and 1 (1, 1, H/cell, W/cell); None if the whole picture changed, or nothing.

    local: the change is a part of the picture, never the whole of it.
    """
    soft = find_change((source + 1) / 2, (rough + 1) / 2, local or None)
    if bool((soft == 1).all()):
        return None
    cells = (F.avg_pool2d((soft > 0.5).float(), cell) > SHARE).float()
    return cells if cells.any() else None


@torch.no_grad()
def find_with(pipeline, prompt: str, source: Image.Image) -> torch.Tensor:
    """The cells that the finder of an MTUPipeline holds to change, as 0 and 1 (1, 1, h, w)."""
    finder, text = pipeline.finder, pipeline.encode_text(prompt)
    pixels = to_tensor(source).to(finder.device)
    return chosen_cells(finder(pixels, text.states, text.mask).cpu())


def boxed(cells: torch.Tensor) -> torch.Tensor:
    """Cells (1, 1, h, w) of 0 and 1: the box around the largest of the parts that touch."""
    parts, _ = ndimage.label(cells[0, 0].numpy(), np.ones((3, 3)))
    rows, columns = ndimage.find_objects(parts)[np.bincount(parts.ravel())[1:].argmax()]
    box = torch.zeros_like(cells)
    box[0, 0, rows, columns] = 1
    return box


def _mask_of(cells: torch.Tensor, source: Image.Image) -> Image.Image:
    """Cells (1, 1, h, w) of 0 and 1 as an "L" mask of the size of `source`."""
    area = Image.fromarray((cells[0, 0] * 255).byte().numpy())
    return area.resize(source.size, Image.Resampling.NEAREST)


def draw_part(pipeline, inputs: Inputs, condition: torch.Tensor, fill: Image.Image,
              part: Image.Image, done: int) -> Generator[Step, None, Image.Image]:
    """An MTUPipeline's picture of a source whose `part` ("L") may change, which is `fill` there.

    With the setting `glance` a few unguided steps come first, and where they draw nothing they are
    all. done: steps before these. Where the model learns the change, faint changes are noise.
    """
    if inputs.in_front:
        return (yield from _draw_in_front(pipeline, inputs, condition, fill, part, done))
    total, glance = done + inputs.steps, pipeline.config.glance.get(inputs.task, 0)
    learned = inputs.task in pipeline.config.residual
    if 0 < glance < inputs.steps:
        quick = replace(inputs, steps=glance, rows=[replace(inputs.rows[-1], weight=1.0)])
        picture = yield from pipeline._loop(quick, condition, done, total)
        done += glance
        if not is_drawn(fill, picture, part):
            picture = cored(fill, picture) if learned else picture
            yield Step(done, done, picture if pipeline.space.is_pixels else None)
            return picture
        inputs = replace(inputs, steps=inputs.steps - glance)
    picture = yield from pipeline._loop(inputs, condition, done, total)
    return cored(fill, picture) if learned else picture


def _draw_in_front(pipeline, inputs: Inputs, condition, behind: Image.Image, part: Image.Image,
                   done: int) -> Generator[Step, None, Image.Image]:
    """`draw_part` of something in front of the source, which is not hidden. Should nothing come of
    that, the part is drawn once more with what stands there hidden."""
    total = done + inputs.steps
    picture = yield from pipeline._loop(inputs, condition, done, total)
    shown = in_front(behind, picture, behind)
    if shown is not None:
        return shown
    hidden = hidden_under(to_tensor(behind), to_tensor(part))
    condition = pipeline._condition(inputs.task, hidden, part)
    picture = yield from pipeline._loop(inputs, condition, total, total + inputs.steps)
    return in_front(to_pil(hidden), picture, behind) or picture


def hidden_under(pixels: torch.Tensor, area: torch.Tensor) -> torch.Tensor:
    """Pictures (B, 3, H, W), their surroundings drawn in where `area` (B, 1, H, W) is 1.

    The known pixels are averaged over ever wider blocks (pull), and each hidden pixel gets the
    mean of the smallest block around it that knows anything, smoothed (push). Blocks grow wider
    before they grow higher: what lies behind a thing goes on to its left and right more often
    than above and below it. Where nothing is known the picture is 0.
    """
    known, means = 1 - area, pixels * (1 - area)
    levels = []
    while bool((known == 0).any()) and max(means.shape[-2:]) > 1:
        block = BLOCKS[min(len(levels), len(BLOCKS) - 1)]
        block = tuple(min(pair) for pair in zip(block, means.shape[-2:], strict=True))
        levels.append((means, known))
        means, known = (F.avg_pool2d(x, block, ceil_mode=True) for x in (means, known))
        means, known = means / known.clamp(min=1e-6), (known > 0).to(known)
    for finer, known in reversed(levels):
        spread = F.interpolate(means, size=finer.shape[-2:], mode="bilinear")
        means = finer * known + (1 - known) * spread
    return means


def check_looks(looks: dict, tasks, name: str = "first_look") -> None:
    """ValueError for a task that changes no picture, or a number of steps below 1. name: of the
    setting."""
    for task, steps in looks.items():
        if task not in ("edit", "inpaint") or task not in tasks:
            raise ValueError(f"{name} names {task!r}, which has no part to redraw.")
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ValueError(f"{name}[{task!r}] must be a number of steps, not {steps!r}.")
