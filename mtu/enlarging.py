"""Enlarging, step by step: the stem, the UNet on tiles of its enlargement, the sharpener."""

from collections.abc import Generator

import torch
from PIL import Image

from .familiar import is_familiar
from .guided import guided_loop
from .requests import Inputs
from .stem import enlarge
from .steps import Step
from .tiling import Canvas

TILE_BATCH = 4


@torch.no_grad()
def enlarging(pipeline, inputs: Inputs) -> Generator[Step, None, Image.Image]:
    """The source, larger, in overlapping tiles of the size of the model of `pipeline`, an
    MTUPipeline; steps count over all tiles."""
    # 0. The UNet changes next to nothing of what it knows nothing of
    scale = inputs.size[0] // inputs.source.width
    if pipeline.stem is not None and not is_familiar(pipeline, inputs.source):
        return (yield from pipeline.stem.steps(inputs.source, scale))
    # 1. The source, brought to the target's size, and its tiles
    enlarged, sharpener = enlarge(inputs.source, inputs.size, pipeline.stem), pipeline.sharpener
    canvas = Canvas(enlarged, pipeline.config.default_size, pipeline.space.factor)
    # 2. One field of noise for all tiles, so that they agree where they overlap
    field = pipeline.noise(inputs.generator, *canvas.sample_size())
    done, last = 0, len(sharpener.tiles(inputs.size)) if sharpener else 0
    for first in range(0, len(canvas.tiles), TILE_BATCH):
        # 3. The loop, for a few tiles at a time
        tiles = canvas.tiles[first : first + TILE_BATCH]
        condition = pipeline._condition(inputs.task, canvas.cut_condition(tiles), None)
        noise = canvas.cut_samples(field, tiles)
        for step in guided_loop(pipeline, inputs, condition, noise):
            done += len(tiles)
            preview = canvas.preview(pipeline.space.decode(step.x0), tiles) \
                if pipeline.space.is_pixels else None
            yield Step(done, len(canvas.tiles) * step.of + last, preview)
        canvas.add(pipeline.space.decode(step.sample), tiles)
    # 4. The tiles, blended, and made sharp
    picture = canvas.finish()
    if sharpener is None:
        return picture
    return (yield from counted(sharpener.steps(picture, scale), done))


def counted(steps: Generator[Step, None, Image.Image],
            before: int) -> Generator[Step, None, Image.Image]:
    """`steps`, after as many as `before`; returns what they do."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value
        yield Step(before + step.index, before + step.of, step.preview)
