"""Running a turn's plan: each step on the picture that the one before left, each result kept.

A step that fails or is stopped ends the plan; what the steps before it made stays.
"""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event as Signal

from PIL import Image

from app import replies
from app.backend import Backend, Finished
from app.events import Drawn, Event, Failed, Routed, Stopped
from app.meant import scale_of
from app.session import Session
from app.turns import NEEDS_PICTURE, Picture, Recipe, Step, Turn


class Run:
    """One turn on one session. turn: the turn as far as it has come; mask: what was painted."""

    def __init__(self, turn: Turn, mask: Image.Image | None, session: Session, stop: Signal,
                 backend: Backend) -> None:
        self.turn = turn
        self._mask = mask
        self._session = session
        self._stop = stop
        self._backend = backend

    def events(self) -> Iterator[Event]:
        """Run the steps in order, and remember the turn in the session."""
        session = self._session
        place = len(session.turns)
        session.turns.append(self.turn)
        if self._mask is not None:
            session.masks[place] = self._mask
        source = self.turn.base
        for index, step in enumerate(self.turn.plan):
            yield Routed(self.turn, index)
            drawn = yield from self._step(index, step, source)
            if drawn is None:
                return
            source = drawn.number
            session.turns[place] = self.turn
            yield Drawn(drawn)

    def _step(self, index: int, step: Step,
              source: int | None) -> Iterator[Event]:
        """One request, from queue to saved picture. Returns the Picture, None if there is none."""
        if self._stop.is_set():
            yield Stopped(0, 0)
            return None
        session = self._session
        image = session.image(source) if step.task in NEEDS_PICTURE and source else None
        mask = _fit(self._mask, image) if step.mask else None
        scale = scale_of(step.slots, image.size) if image else 2
        recipe = Recipe(step.task, step.text, self.turn.seed, scale, source if image else None,
                        mask is not None)
        try:
            job = self._backend.submit(recipe, image, mask)
        except ValueError as error:
            yield self._failed(index, str(error))
            return None
        session.watch(self._stop, job.cancel)
        for event in job:
            if isinstance(event, Finished):
                return self._save(recipe, event)
            yield self._failed(index, event.text) if isinstance(event, Failed) else event
        return None

    def _failed(self, index: int, text: str) -> Failed:
        """Which step it was, where there are several. What was made is not to be made again."""
        if len(self.turn.plan) > 1:
            text = replies.failed_step(index, self.turn.plan[index].task, text)
        return Failed(text, keep=index == 0)

    def _save(self, recipe: Recipe, made: Finished) -> Picture:
        turn, session = self.turn, self._session
        self.turn = replace(
            turn,
            requests=(*turn.requests, recipe),
            images=(*turn.images, session.next_number),
            timings=(*turn.timings, made.seconds),
            steps=(*turn.steps, made.steps),
        )
        return session.add(made.image, _alt(recipe, session), self.turn, recipe.source)


def _alt(recipe: Recipe, session: Session) -> str:
    """Alternative text: what was asked for, in the order it was asked."""
    if recipe.source is None:
        return recipe.prompt
    before = session.picture(recipe.source).alt
    if recipe.task == "sr":
        return f"{before}, enlarged ×{recipe.scale}"
    return f"{before}; {recipe.prompt or 'painted area erased'}"


def _fit(mask: Image.Image | None, image: Image.Image | None) -> Image.Image | None:
    """The painted area at the picture's size, 0 or 255; None if nothing was painted."""
    if mask is None or image is None:
        return None
    grey = mask.convert("L").resize(image.size, Image.Resampling.BILINEAR)
    grey = grey.point(lambda value: 255 if value >= 128 else 0)
    return grey if grey.getbbox() else None
