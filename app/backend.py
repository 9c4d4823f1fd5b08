"""The one place that knows the router and the engine, and turns their words into the app's.

Both are imported inside `load`: they bring torch, and the page is up before that.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from app.events import Failed, Progress, Queued, Stopped
from app.kin import unknown
from app.turns import TASKS, Reading, Recipe, Step

if TYPE_CHECKING:
    from intents import Router
    from mtu import Engine
    from mtu.playground.exactly import Carrying


MASKED = ("edit", "inpaint")  # the tasks that a painted area can limit


@dataclass(frozen=True)
class Finished:
    """The engine's picture, the seconds it took and the denoising steps it needed.

    flagged: the model's own safety check holds it to be unfit to show.
    """

    image: Image.Image
    seconds: float
    steps: int
    flagged: bool = False


@dataclass(frozen=True)
class Abilities:
    """What the loaded model can do.

    side: pixels of the square that it draws by itself; multiple: what the sides of a drawing must
    be multiples of; world: it is the small built-in one, which knows its own words, in English,
    and draws that square only; trained: the tasks that it has learned; fast: those
    that it has a fast way for.
    """

    side: int = 512
    multiple: int = 64
    world: bool = False
    trained: frozenset[str] = frozenset(TASKS)
    fast: frozenset[str] = frozenset()

    def room(self, size: tuple[int, int]) -> tuple[int, int]:
        """The (width, height) to draw at, from which a picture of `size` can be cut."""
        zoom = max(1.0, self.side / 2 / min(size))
        return tuple(math.ceil(length * zoom / self.multiple) * self.multiple for length in size)


class Job:
    """One request on its way: iterate it for Queued, Progress, then Finished, Failed or Stopped."""

    def __init__(self, job: Any) -> None:
        self._job = job

    def cancel(self) -> None:
        """Stop before the next denoising step."""
        self._job.cancel()

    def __iter__(self) -> Iterator[Queued | Progress | Finished | Failed | Stopped]:
        from mtu import engine

        step = of = 0
        for event in self._job.events():
            match event:
                case engine.Queued():
                    yield Queued(event.ahead)
                case engine.Progress():
                    step, of = event.step, event.of
                    yield Progress(step, of, event.preview, event.seconds_left)
                case engine.Done():
                    yield Finished(event.image, event.seconds, of, event.flagged)
                case engine.Failed():
                    yield Failed(event.message)
                case engine.Cancelled():
                    yield Stopped(step, of)


class Backend:
    """A router and an engine. name: the model's short name, for recipes and the page."""

    def __init__(self, router: "Router", engine: "Engine", name: str,
                 able: Abilities = Abilities()) -> None:  # noqa: B008 (frozen)
        self._router = router
        self.engine = engine
        self.name = name
        self.able = able

    def read(self, text: str, images: int, mask: bool, history: bool) -> Reading:
        """How a message is meant. images: attached to it; history: a picture stands already."""
        found = self._router.predict(text, images=images, mask=mask, history=history)
        painted = _painted(found.plan.steps) if mask else set()
        plan = tuple(Step(step.task, step.text, dict(step.slots), index in painted)
                     for index, step in enumerate(found.plan.steps))
        sure = found.scores[found.intent] >= self._router.threshold
        return Reading(found.intent, sure, dict(found.scores), plan, found.language)

    def step(self, task: str, text: str) -> Step:
        """The step that a message is when `task` is the person's own choice."""
        from intents.plan import backbone_text
        from intents.slots import read_slots

        return Step(task, backbone_text(task, text), read_slots(task, text), task in MASKED)

    def in_english(self, step: Step, language: str) -> Step:
        """The step as the small model can read it, by dictionary; words without an entry stay.

        In English only everyday words for the light and the weather change ("winter"). Nothing
        does for a language without a dictionary, or another model.
        """
        from mtu.playground.dictionary import LANGUAGES, translate

        if not (self.able.world and step.text):
            return step
        if language not in LANGUAGES:
            return replace(step, text=self._everyday(step.text)) if language == "en" else step
        again = self.step(step.task, self._everyday(translate(step.text, language).text))
        return replace(step, text=again.text, slots={**again.slots, **step.slots})

    def reads_otherwise(self, text: str) -> bool:
        """True if the small model is given other English words for these."""
        return self.able.world and self._everyday(text) != text

    @staticmethod
    def _everyday(text: str) -> str:
        from mtu.playground.everyday import everyday

        return everyday(text)

    def plainly(self, task: str, text: str) -> str:
        """The words of a drawing as the small model reads them best; all else as it is."""
        from mtu.playground.plainly import plainly

        return plainly(text) if self.able.world and task == "t2i" else text

    def unknown(self, text: str) -> str:
        """One sentence about words of a prompt that the small model does not know, or ""."""
        from mtu.playground.dictionary import nameable, unknown_words

        return unknown(unknown_words(text), nameable()) if self.able.world else ""

    def carry_out(self, recipe: Recipe, image: Image.Image | None) -> "Carrying | None":
        """How an edit is made that needs less than the model (`mtu.playground.exactly.carry_out`):
        a style, of any picture, or a change of one thing; None for anything but an edit."""
        import numpy as np

        from mtu.playground.exactly import carry_out

        if not self.able.world or recipe.task != "edit" or recipe.masked or image is None:
            return None
        return carry_out(recipe.prompt, np.asarray(image.convert("RGB")))

    def submit(self, recipe: Recipe, image: Image.Image | None, mask: Image.Image | None,
               steps: int | None = None, foreign: bool = False, where: str = "",
               in_front: bool = False) -> Job:
        """Queue one request. ValueError in one sentence if it cannot be done.

        foreign: the image comes from elsewhere, so that the model may not know the like of it.
        where: words that tell the part to change, if not those of the recipe. in_front: what is
        drawn stands in front of the image.
        """
        from mtu.engine import Request

        width = height = None
        if recipe.task == "t2i" and recipe.size is not None:
            width, height = self.able.room(recipe.size)
        return Job(self.engine.submit(Request(
            task=recipe.task, prompt=recipe.prompt, image=image, mask=mask, scale=recipe.scale,
            seed=recipe.seed, steps=steps, width=width, height=height, foreign=foreign,
            speed="fast" if recipe.fast else "best", where=where, in_front=in_front,
        )))

    def close(self) -> None:
        """End the engine's thread."""
        self.engine.close()


def load(model: str, name: str, device: str, router: Path, world: bool = False,
         dtype: str = "auto", fast: bool = False) -> Backend:
    """Load the router and the model. ValueError or OSError in one sentence if it cannot be.

    world: the model is the small built-in one. dtype: a name of settings.DTYPES. fast: the model
    must have a fast way.
    """
    import diffusers
    import torch
    import transformers

    from intents import Router
    from mtu import Engine, MTUPipeline
    from mtu.loading import find_model

    for library in (diffusers, transformers):
        library.logging.set_verbosity_error()
        library.logging.disable_progress_bar()
    place = _device(torch, device)
    folder = find_model(model)
    pipeline = MTUPipeline.from_pretrained(folder, _dtype(torch, dtype, place, folder))
    pipeline.to(place)
    able = Abilities(pipeline.config.default_size, pipeline.size_multiple, world,
                     pipeline.trained_tasks, frozenset(pipeline.config.fast))
    if fast and not able.fast:
        raise ValueError("it has no fast setting, so start it without --fast")
    return Backend(Router.load(router), Engine(pipeline), name, able)


def _painted(steps: Sequence[Any]) -> set[int]:
    """Which steps the painted area is meant for: the router says it of each."""
    return {index for index, step in enumerate(steps) if step.mask}


def _dtype(torch: Any, wanted: str, place: str, folder: Path) -> Any:
    """The precision of the weights: on CUDA half of it for a model that works on latents, which is
    a large one (diffusers keeps SDXL's autoencoder whole, and so does mtu.space); else all of it.
    """
    from mtu.cli import read_json

    if wanted == "auto":
        large = read_json(folder / "model_index.json").get("patch_size", 1) == 1
        wanted = "float16" if place == "cuda" and large else "float32"
    if wanted == "float16" and place == "cpu":
        raise ValueError("a processor does not compute in float16; use --dtype bfloat16")
    return getattr(torch, wanted)


def _device(torch: Any, wanted: str) -> str:
    has: dict[str, Callable[[], bool]] = {
        "cpu": lambda: True,
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
    }
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if has[name]())
    if not has[wanted]():
        raise ValueError(f"this machine has no {wanted} device; use --device auto")
    return wanted
