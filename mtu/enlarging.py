"""Enlarging, step by step: the stem, the UNet on tiles of its enlargement, the sharpener."""

from collections.abc import Generator

import torch
from PIL import Image

from .familiar import room
from .guided import guided_loop
from .requests import Inputs
from .stem import enlarge
from .steps import Step
from .tiling import Canvas

TILE_BATCH = 4


@torch.no_grad()
def enlarging(pipeline, inputs: Inputs) -> Generator[Step, None, Image.Image]:
    """The source, larger, in tiles, by what `pipeline`, an MTUPipeline, has for it; steps count
    over all tiles of all of it."""
    stem, sharpener = pipeline.stem, pipeline.sharpener
    left = room(pipeline, inputs.source) if stem or sharpener else 0.0
    scale, after = inputs.size[0] // inputs.source.width, 0
    if sharpener is not None:
        after = len(sharpener.tiles(inputs.size))
    # 1. The UNet changes next to nothing of what it knows nothing of
    if stem is not None and left < 0:
        parts = stem.steps(inputs.source, scale)
    else:
        parts = _imagined(pipeline, inputs)
    picture, done = yield from _counted(parts, 0, after)
    # 2. Made sharp: much where the picture is surely one of those that this was learned on
    if sharpener is None:
        return picture
    known = sharpener.knows(inputs.source, left)
    picture, _ = yield from _counted(sharpener.steps(picture, scale, known), done, 0)
    return picture


def _imagined(pipeline, inputs: Inputs) -> Generator[Step, None, Image.Image]:
    """The UNet's enlargement, in overlapping tiles of its size."""
    # 1. The source, brought to the target's size, and its tiles
    enlarged = enlarge(inputs.source, inputs.size, pipeline.stem)
    canvas = Canvas(enlarged, pipeline.config.default_size, pipeline.space.factor)
    # 2. One field of noise for all tiles, so that they agree where they overlap
    field = pipeline.noise(inputs.generator, *canvas.sample_size())
    done = 0
    for first in range(0, len(canvas.tiles), TILE_BATCH):
        # 3. The loop, for a few tiles at a time
        tiles = canvas.tiles[first : first + TILE_BATCH]
        condition = pipeline._condition(inputs.task, canvas.cut_condition(tiles), None)
        noise = canvas.cut_samples(field, tiles)
        for step in guided_loop(pipeline, inputs, condition, noise):
            done += len(tiles)
            preview = canvas.preview(pipeline.space.decode(step.x0), tiles) \
                if pipeline.space.is_pixels else None
            yield Step(done, len(canvas.tiles) * step.of, preview)
        canvas.add(pipeline.space.decode(step.sample), tiles)
    # 4. The tiles, blended
    return canvas.finish()


def _counted(steps: Generator[Step, None, Image.Image], before: int,
             after: int) -> Generator[Step, None, tuple[Image.Image, int]]:
    """`steps`, with so many before and after them; returns their picture, and how many there have
    been by then."""
    done = before
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value, done
        done = before + step.index
        yield Step(done, before + step.of + after, step.preview)
