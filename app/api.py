"""One typed call for programs: a task and its inputs in, a picture out. No conversation."""

import base64
import binascii
import io
import secrets
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Literal, TypedDict

from PIL import Image

from app import replies
from app.backend import Backend, Finished
from app.events import Failed
from app.provenance import save_png
from app.turns import Recipe, Step, Turn
from app.uploads import read_upload

Task = Literal["t2i", "edit", "sr", "inpaint"]


class Answer(TypedDict):
    """image: a PNG as base64, which carries its recipe."""

    image: str
    task: str
    width: int
    height: int
    seed: int
    steps: int
    seconds: float


def make_generate(backend: "Future[Backend]", max_megapixels: float,
                  fast: bool = False) -> Callable[..., Answer]:
    """The function behind /generate, for this backend. fast: what it does unless told."""
    begin_fast = fast

    def generate(task: Task, prompt: str = "", image: str = "", mask: str = "", scale: int = 2,
                 seed: int = -1, steps: int = 0, fast: bool = begin_fast) -> Answer:
        """Draw, edit, enlarge or erase.

        task: "t2i", "edit", "sr" or "inpaint". image, mask: pictures as base64 or data URLs; the
        mask has the image's size and is white where it may change. scale: 2 or 4, for "sr".
        seed: -1 takes one by chance; steps: 0 takes the model's own number.
        fast: in the model's fast way, if it has one.
        """
        ready = backend.result()
        if fast and not ready.able.fast:
            raise ValueError("This model has no fast setting.")
        if seed < 0:
            seed = secrets.randbelow(1 << 31)
        source = _picture(image, max_megapixels)
        area = _picture(mask, max_megapixels)
        recipe = Recipe(task, prompt, seed, scale, None, area is not None,
                        fast=fast and task in ready.able.fast)
        job = ready.submit(recipe, source, area.convert("L") if area else None, steps or None,
                           foreign=source is not None)
        for event in job:
            if isinstance(event, Finished) and event.flagged:
                raise ValueError(replies.FLAGGED)
            if isinstance(event, Finished):
                return _answer(recipe, event, ready.name)
            if isinstance(event, Failed):
                raise ValueError(event.text)
        raise ValueError("The request was cancelled.")

    return generate


def _picture(text: str, max_megapixels: float) -> Image.Image | None:
    if not text:
        return None
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("A picture must be sent as base64 or as a data URL.") from None
    with tempfile.NamedTemporaryFile(suffix=".upload") as file:
        file.write(data)
        file.flush()
        return read_upload(Path(file.name), max_megapixels)


def _answer(recipe: Recipe, made: Finished, model: str) -> Answer:
    turn = Turn(
        message=recipe.prompt, intent=recipe.task, chosen=True, plan=(Step(recipe.task),),
        seed=recipe.seed, model=model, requests=(recipe,), images=(1,),
        timings=(made.seconds,), steps=(made.steps,), masked=recipe.masked,
    )
    stream = io.BytesIO()
    save_png(made.image, stream, turn)
    return Answer(
        image=base64.b64encode(stream.getvalue()).decode(), task=recipe.task,
        width=made.image.width, height=made.image.height, seed=recipe.seed,
        steps=made.steps, seconds=round(made.seconds, 3),
    )
