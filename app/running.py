"""Running a turn's plan: each step on the picture that the one before left, each result kept.

A step that fails or is stopped ends the plan; what the steps before it made stays.
"""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event as Signal

import numpy as np
from PIL import Image, ImageOps

from app import replies
from app.backend import Backend, Finished
from app.events import Drawn, Event, Failed, Noted, Routed, Stopped
from app.meant import NoSuchPicture, about_it, picture_of, root_of
from app.session import Session
from app.turns import NEEDS_PICTURE, Picture, Recipe, Step, Turn
from app.wishes import Wish, wish_of


class Run:
    """One turn on one session. turn: the turn as far as it has come; mask: what was painted."""

    def __init__(self, turn: Turn, mask: Image.Image | None, session: Session, stop: Signal,
                 backend: Backend) -> None:
        self.turn = turn
        self._mask = mask
        self._session = session
        self._stop = stop
        self._backend = backend
        self._place = len(session.turns)

    def events(self) -> Iterator[Event]:
        """Run the steps in order, and remember the turn in the session."""
        self._session.turns.append(self.turn)
        if self._mask is not None:
            self._session.masks[self._place] = self._mask
        source = self.turn.base
        for index, step in enumerate(self.turn.plan):
            source = yield from self._step(index, step, source)
            if source is None:
                return

    def _step(self, index: int, step: Step, source: int | None) -> Iterator[Event]:
        """The pictures of one step. Returns the number of the first, None if they did not all
        come to be."""
        session, image = self._session, None
        if "picture" in step.slots:
            step = replace(step, text=about_it(step.text))
        try:
            if index:  # the first step's picture was settled before the turn began
                source = picture_of(step.slots, session, (), source)
        except NoSuchPicture as error:
            yield Routed(self.turn, index)
            yield self._failed(index, str(error))
            return None
        if step.task in NEEDS_PICTURE and source:
            image = session.image(source)
        mask = _fit(self._mask, image) if step.mask else None
        wish = wish_of(step, image and image.size, self._backend.able)
        yield Routed(self.turn, index, wish.count)
        prompt = self._backend.plainly(step.task, wish.prompt)
        lines = [*self._lines(index, wish), self._backend.unknown(wish.prompt)]
        if prompt != wish.prompt:
            lines.append(replies.drawn_as(prompt))
        if any(lines):
            yield Noted(" ".join(filter(None, lines)))
        recipe = Recipe(step.task, prompt, step.slots.get("seed", self.turn.seed), wish.scale,
                        source if image else None, mask is not None, wish.size,
                        session.fast and step.task in self._backend.able.fast)
        first = None
        for count in range(wish.count):
            picture = yield from self._picture(
                index, replace(recipe, seed=recipe.seed + count), image, mask, first is None)
            if picture is None:
                return None
            first = first or picture.number
            yield Drawn(picture)
        return first

    def _lines(self, index: int, wish: Wish) -> list[str]:
        """What cannot be had in this step; with the last one, that nothing used the painting."""
        plan = self.turn.plan
        unused = self._mask is not None and not any(step.mask for step in plan)
        return [*wish.lines, *([replies.UNUSED_AREA] if unused and index == len(plan) - 1 else [])]

    def _picture(self, index: int, recipe: Recipe, image: Image.Image | None,
                 mask: Image.Image | None, current: bool) -> Iterator[Event]:
        """One request, from queue to saved picture. Returns the Picture, None if there is none."""
        if self._stop.is_set():
            yield Stopped(0, 0)
            return None
        if recipe.task not in self._backend.able.trained:
            yield self._failed(index, replies.untrained(recipe.task, self._backend.able.trained))
            return None
        if recipe.task == "sr" and not recipe.scale:  # smaller: no model is needed for that
            return self._save(recipe, Finished(image, 0.0, 0), current)
        finished, ended = yield from self._carried_out(index, recipe, image)
        if finished is None and not ended:
            finished = yield from self._job(index, recipe, image, mask)
        return finished and self._save(recipe, finished, current)

    def _carried_out(self, index: int, recipe: Recipe,
                     image: Image.Image | None) -> Iterator[Event]:
        """An edit that the model does not make alone. Returns what came of it, or None; and
        whether the step has ended with that."""
        work, answer = self._backend.carry_out(recipe, image), None
        seconds, steps = 0.0, 0
        while work is not None:
            try:
                ask = work.send(answer)
            except StopIteration as end:
                made = end.value
                return (None, False) if made is None else (
                    Finished(Image.fromarray(made), seconds, steps), True)
            area = None if ask.area is None else Image.fromarray(ask.area).convert("L")
            part = replace(recipe, task="inpaint", prompt=ask.prompt, masked=area is not None)
            base = image if ask.behind is None else Image.fromarray(ask.behind)
            finished = yield from self._job(index, part, base, area, where=ask.where,
                                            in_front=ask.behind is not None)
            if finished is None:
                return None, True
            seconds, steps = seconds + finished.seconds, steps + finished.steps
            answer = np.asarray(finished.image.convert("RGB"))
        return None, False

    def _job(self, index: int, recipe: Recipe, image: Image.Image | None,
             mask: Image.Image | None, **how) -> Iterator[Event]:
        """One request to the engine. Returns what it made; None if it failed or was stopped. how:
        `where` and `in_front`, as `Backend.submit` has them."""
        root = root_of(self._session, recipe.source) if recipe.source else None
        foreign = root is not None and self._session.picture(root).turn is None
        try:
            job = self._backend.submit(recipe, image, mask, foreign=foreign, **how)
        except ValueError as error:
            yield self._failed(index, str(error))
            return None
        self._session.watch(self._stop, job.cancel)
        for event in job:
            if isinstance(event, Finished) and event.flagged:
                yield self._failed(index, replies.FLAGGED)
                return None
            if isinstance(event, Finished):
                return event
            yield self._failed(index, event.text) if isinstance(event, Failed) else event
        return None

    def _failed(self, index: int, text: str) -> Failed:
        """Which step it was, where there are several. What was made is not to be made again."""
        if len(self.turn.plan) > 1:
            text = replies.failed_step(index, self.turn.plan[index].task, text)
        return Failed(text, keep=not self.turn.images)

    def _save(self, recipe: Recipe, made: Finished, current: bool) -> Picture:
        turn, session, image = self.turn, self._session, made.image
        self.turn = replace(
            turn,
            requests=(*turn.requests, recipe),
            images=(*turn.images, session.next_number),
            timings=(*turn.timings, made.seconds),
            steps=(*turn.steps, made.steps),
        )
        if recipe.size is not None:  # the model's sizes are few: the rest is cut and resampled
            image = ImageOps.fit(image, recipe.size, Image.Resampling.LANCZOS)
        session.turns[self._place] = self.turn
        return session.add(image, _alt(recipe, session), self.turn, recipe.source, current)


def _alt(recipe: Recipe, session: Session) -> str:
    """Alternative text: what was asked for, in the order it was asked."""
    if recipe.source is None:
        return recipe.prompt
    before = session.picture(recipe.source).alt
    if recipe.task == "sr" and recipe.size is not None:
        return f"{before}, resized to {recipe.size[0]} × {recipe.size[1]}"
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
