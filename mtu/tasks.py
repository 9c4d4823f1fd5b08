"""The tasks one backbone serves: what each takes and how strongly it is guided."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskSpec:
    """One task.

    takes_image: the task reads a condition image. takes_mask: it may also read a mask
    (white = change). guidance_scale and image_guidance_scale (>= 1, 1 = off) are the text and
    image scales of MTU for SD1.5 (METHOD §2, after InstructPix2Pix, arXiv 2211.09800, eq. 3);
    a model carries its own in its pipeline config.
    """

    name: str
    takes_image: bool
    takes_mask: bool
    guidance_scale: float
    image_guidance_scale: float


TASKS = {
    spec.name: spec
    for spec in (
        TaskSpec("t2i", False, False, guidance_scale=7.5, image_guidance_scale=1.0),
        TaskSpec("edit", True, False, guidance_scale=7.5, image_guidance_scale=1.6),
        TaskSpec("sr", True, False, guidance_scale=1.0, image_guidance_scale=1.0),
        TaskSpec("inpaint", True, True, guidance_scale=4.0, image_guidance_scale=1.5),
    )
}
TASK_NAMES = tuple(TASKS)


def get_task(name: str) -> TaskSpec:
    """The spec of a task by name; ValueError naming the known ones."""
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r}; known tasks: {', '.join(TASK_NAMES)}")
    return TASKS[name]
