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

from dataclasses import replace

import torch
import torch.nn.functional as F
from PIL import Image

from .compose import find_change
from .finder import Finder, chosen_cells, watched
from .guidance import branches
from .guided import guided
from .requests import Inputs

BLOCKS = ((2, 2), (2, 2), *((1, 2),) * 6, (2, 2))  # heights and widths, the last one repeated
SHARE = 0.3  # of a cell that must change for the cell to be hidden
NOISIEST = 1000.0  # the time of pure noise, of training's thousand
NOISES = 4  # that a finder is asked over; the mean of its answers is surer than one
GUIDANCE = 1.5  # by text, at most: more of it changes everything a little, wherever the change is


def first_look(inputs: Inputs, looks: dict, finder: Finder | None = None) -> Inputs | None:
    """The request's first look: fewer steps of the same, hardly guided; None where it takes none.

    It takes none with a mask, without a setting for the task, or if there is but one step. At
    most a third of the steps are spent on it, and one where a finder is asked.
    """
    steps = min(looks.get(inputs.task, 0), inputs.steps // 3, inputs.steps if finder is None else 1)
    if not steps or inputs.mask is not None or inputs.source is None:
        return None
    rows = inputs.rows
    if rows[-1].weight > GUIDANCE:  # conditions come last
        rows = branches(GUIDANCE, 1.0, bool(inputs.prompt), has_image=True)
    return replace(inputs, steps=steps, rows=rows)


def find_cells(
    source: torch.Tensor, rough: torch.Tensor, cell: int, local: bool
) -> Image.Image | None:
    """The cells of `cell` pixels in which `rough` (1, 3, H, W) differs from `source`, both in
    [-1, 1], as an "L" mask at their size; None if the whole picture changed, or nothing.

    local: the change is a part of the picture, never the whole of it.
    """
    soft = find_change((source + 1) / 2, (rough + 1) / 2, local)
    if bool((soft == 1).all()):
        return None
    cells = (F.avg_pool2d((soft > 0.5).float(), cell) > SHARE).float()
    return _mask_of(cells, cell) if cells.any() else None


@torch.no_grad()
def find_with(pipeline, inputs: Inputs, condition: torch.Tensor) -> Image.Image | None:
    """The cells that the finder of an MTUPipeline holds to change, as `find_cells` gives them.

    One pass of the UNet over NOISES fields of pure noise, unguided. condition: (1, C_cond, h, w).
    """
    space, unet = pipeline.space, pipeline.unet
    height, width = condition.shape[-2:]
    noise = torch.cat([pipeline.noise(inputs.generator, height, width) for _ in range(NOISES)])
    alone = [replace(inputs.rows[-1], weight=1.0)]
    condition = condition.expand(NOISES, -1, -1, -1)
    predict = guided(unet, inputs.task, alone, [pipeline.encode_text(inputs.prompt)], condition,
                     space.factor, pipeline.autocast_dtype)
    with watched(unet) as watch:
        predict(space.placed(noise), torch.tensor(NOISIEST, device=noise.device))
        logits = pipeline.finder(*watch.take()).mean(0, keepdim=True)
    cells = chosen_cells(logits.cpu())
    return None if cells is None else _mask_of(cells, space.factor)


def _mask_of(cells: torch.Tensor, cell: int) -> Image.Image:
    """Cells (1, 1, h, w) of 0 and 1 as an "L" mask of pixels."""
    area = F.interpolate(cells, scale_factor=float(cell))[0, 0]
    return Image.fromarray((area * 255).byte().numpy())


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


def check_looks(looks: dict, tasks) -> None:
    """ValueError for a task that changes no picture, or a number of steps below 1."""
    for task, steps in looks.items():
        if task not in ("edit", "inpaint") or task not in tasks:
            raise ValueError(f"first_look names {task!r}, which has no part to redraw.")
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ValueError(f"first_look[{task!r}] must be a number of steps, not {steps!r}.")
