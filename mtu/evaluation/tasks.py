"""Runs the cases of each task through the pipeline and has the pictures judged."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from mtu.look import NotFound
from mtu.pipeline import MTUPipeline
from mtu.playground.exactly import carry_out
from mtu.playground.plainly import plainly

from .cases import FREE, GROUPS, Case, Sampler, small_to_side
from .free import free_prompts
from .judges import Measures, judge
from .reader import SceneReader
from .reading import read

SINGLES = 2  # times as many prompts of one thing: they carry the figure that is asked for first
FREELY = 4  # times as many prompts in free phrasing, as long as there are: each is unlike the rest


@dataclass(frozen=True)
class Outcome:
    """A case, the model's picture, and the measures of three answers to it.

    truth: what the judge says of the right answer, the most a model can reach. untouched: what
    it says of the source handed back as it is (None for t2i, the bicubic enlargement for sr).
    """

    case: Case
    picture: np.ndarray
    model: Measures
    truth: Measures
    untouched: Measures | None


def model_side(pipe: MTUPipeline) -> int:
    """The side in pixels at which the model draws, and at which it is judged."""
    return int(pipe.config.default_size)


def counts(task: str, count: int) -> dict[str, int]:
    """How many cases each group of a task has."""
    numbers = {group: count * (SINGLES if group == "one thing" else 1) for group in GROUPS[task]}
    if FREE in numbers:
        numbers[FREE] = min(FREELY * count, len(free_prompts()))
    return numbers


def answer(pipe: MTUPipeline, case: Case, steps: int | None = None,
           alone: bool = False) -> np.ndarray:
    """The picture for a case, seeded by the case's number: uint8 (H, W, 3).

    As the chat makes it: free wording is read as a caption (plainly.py), styles are exact, and
    edits of one thing cut it out where their words allow (exactly.py). alone: by the model alone.
    """
    def ask(task: str, text: str, area: np.ndarray | None = None, where: str = "",
            behind: np.ndarray | None = None) -> np.ndarray:
        given = {"where": where, "in_front": behind is not None}
        if case.source is not None:
            given["image"] = Image.fromarray(case.source if behind is None else behind)
        if area is not None:
            given["mask"] = Image.fromarray(area.astype(np.uint8) * 255)
        if task == "sr":
            given["scale"] = case.scale
        generator = torch.Generator().manual_seed(case.seed)
        try:
            output = pipe(task, text, num_inference_steps=steps, generator=generator, **given)
        except NotFound:  # the chat says so, and leaves the picture as it is
            return case.source
        return np.asarray(output.images[0])

    if case.task == "edit" and not alone:
        made = _carried_out(case, ask)
        if made is not None:
            return made
    text = plainly(case.text) if case.task == "t2i" and not alone else case.text
    return ask(case.task, text, case.mask)


def _carried_out(case: Case, ask: Callable[..., np.ndarray]) -> np.ndarray | None:
    """An edit that the model does not make alone; None where it has to."""
    work, made = carry_out(case.text, case.source), None
    while True:
        try:
            wanted = work.send(made)
        except StopIteration as end:
            return end.value
        made = ask("inpaint", wanted.prompt, wanted.area, wanted.where, wanted.behind)


def run_task(
    pipe: MTUPipeline,
    reader: SceneReader,
    sampler: Sampler,
    task: str,
    count: int,
    steps: int | None = None,
    tick: Callable[[], None] = lambda: None,
    alone: bool = False,
) -> tuple[list[Outcome], float]:
    """Outcomes of `count` cases a group, and seconds a picture. `tick` is called per picture;
    alone: see `answer`."""
    cases = [case for group, number in counts(task, count).items()
             for case in sampler.cases(task, group, number)]
    begin, pictures = time.perf_counter(), []
    for case in cases:
        pictures.append(answer(pipe, case, steps, alone))
        tick()
    seconds = (time.perf_counter() - begin) / len(cases)
    judged = [_judged(reader, cases, pictures, sampler.atlas_path),
              _judged(reader, cases, [case.truth for case in cases], sampler.atlas_path)]
    untouched = [None] * len(cases)
    if task != "t2i":
        sources = [small_to_side(c) if task == "sr" else c.source for c in cases]
        untouched = _judged(reader, cases, sources, sampler.atlas_path)
    parts = zip(cases, pictures, *judged, untouched, strict=True)
    return [Outcome(*part) for part in parts], seconds


def _judged(reader: SceneReader, cases: list[Case], pictures, atlas_path) -> list[Measures]:
    readings = [None] * len(cases)
    if cases[0].task != "sr":
        readings = read(reader, pictures)
    return [judge(case, picture, reading, atlas_path)
            for case, picture, reading in zip(cases, pictures, readings, strict=True)]
