"""Checking what a caller asks of a pipeline, before anything is computed."""

from dataclasses import dataclass

import torch
from PIL import Image

from . import guidance as guide
from .images import model_size, to_mask, to_rgb
from .speed import MAX_STEPS, Pace, pace_of
from .tasks import TaskSpec, get_task

MAX_SIDE = 4096
SCALES = (2, 4)


@dataclass(frozen=True)
class Inputs:
    """A checked request.

    source: upright "RGB", or None. mask: "L" of 0 and 255 at the source's size, or None.
    size: (width, height) of the model's picture; for sr of the target. steps: of the loop;
    pace: how else it is denoised. rows: what guidance needs. where: words that tell the part to
    change; "" where those are the prompt's. in_front: what is drawn stands in front of the source.
    """

    task: str
    prompt: str
    source: Image.Image | None
    mask: Image.Image | None
    size: tuple[int, int]
    steps: int
    pace: Pace
    rows: tuple[guide.Branch, ...]
    generator: torch.Generator
    where: str = ""
    in_front: bool = False


def check_inputs(
    *,
    tasks,
    settings,
    size_multiple: int,
    task: str,
    prompt: str = "",
    image: Image.Image | None = None,
    mask: Image.Image | None = None,
    scale: int = 2,
    num_inference_steps: int | None = None,
    guidance_scale: float | None = None,
    image_guidance_scale: float | None = None,
    height: int | None = None,
    width: int | None = None,
    generator: torch.Generator | None = None,
    speed: str = "best",
    where: str = "",
    in_front: bool = False,
) -> Inputs:
    """The request with its defaults filled in; ValueError in one clear sentence.

    tasks: the names the model knows. settings: the pipeline's config. size_multiple: what the
    sides of the model's picture must be multiples of. The rest as `MTUPipeline.steps` has it.
    """
    spec = get_task(task)
    if task not in tasks:
        raise ValueError(f"This model cannot do {task!r}; it can do {', '.join(tasks)}.")
    if not isinstance(prompt, str):
        raise ValueError("The prompt must be a string.")
    prompt = "" if task == "sr" else prompt.strip()
    source, mask = _check_images(spec, prompt, image, mask)
    text, picture = _check_scales(spec, settings, guidance_scale, image_guidance_scale)
    pace = pace_of(settings, task, speed)
    if task == "sr":
        size = _enlarged(source, scale)
    elif spec.takes_image:
        size = model_size(*source.size, settings.default_size, size_multiple)
    else:
        size = _drawn(width, height, settings.default_size, size_multiple)
    return Inputs(
        task=task,
        prompt=prompt,
        source=source,
        mask=mask,
        size=size,
        steps=_check_steps(pace.steps if num_inference_steps is None else num_inference_steps),
        pace=pace,
        rows=guide.branches(text, picture, bool(prompt), spec.takes_image),
        generator=generator or torch.Generator().manual_seed(torch.seed() % 2**63),
        where=where.strip(),
        in_front=in_front,
    )


def _check_images(spec: TaskSpec, prompt: str, image, mask):
    if not spec.takes_image:
        if image is not None or mask is not None:
            raise ValueError(f"The task {spec.name} takes no image and no mask.")
        return None, None
    if image is None:
        raise ValueError(f"The task {spec.name} needs an image.")
    if spec.name == "sr" and mask is not None:
        raise ValueError("The task sr takes no mask.")
    if spec.name != "sr" and not prompt and (mask is None or not spec.takes_mask):
        paint = ", or a mask painted over it" if spec.takes_mask else ""
        raise ValueError(f"The task {spec.name} needs words that say what to change{paint}.")
    source = to_rgb(image)
    return source, None if mask is None else to_mask(mask, source.size)


def _check_scales(spec: TaskSpec, settings, text, image) -> tuple[float, float]:
    own = (spec.guidance_scale, spec.image_guidance_scale)
    saved = settings.guidance.get(spec.name, own)
    text = guide.check_scale(saved[0] if text is None else text, "guidance_scale")
    image = guide.check_scale(saved[1] if image is None else image, "image_guidance_scale")
    return text, image


def _enlarged(source: Image.Image, scale: int) -> tuple[int, int]:
    if scale not in SCALES:
        raise ValueError(f"scale must be 2 or 4, not {scale!r}.")
    size = (source.width * scale, source.height * scale)
    if max(size) > MAX_SIDE:
        raise ValueError(
            f"Enlarged {scale} times the image would be {size[0]}×{size[1]} pixels; "
            f"the most is {MAX_SIDE} a side."
        )
    return size


def _drawn(width, height, side: int, multiple: int) -> tuple[int, int]:
    size = (side if width is None else width, side if height is None else height)
    for value in size:
        if not isinstance(value, int) or not 0 < value <= MAX_SIDE or value % multiple:
            raise ValueError(
                f"height and width must be multiples of {multiple} up to {MAX_SIDE}, not {value!r}."
            )
    return size


def _check_steps(steps: int) -> int:
    if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"The number of steps must lie between 1 and {MAX_STEPS}, not {steps!r}.")
    return steps
