"""One turn: a message and a session go in, typed events come out. No gradio, no torch.

The road: read the uploads → read the words → ask, answer in words, or run the plan (running.py).
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from threading import Event as Signal

from PIL import Image

from app import replies
from app.backend import Backend
from app.corrections import Corrections
from app.events import Asked, Event, Failed, Loading, Noted, Received, Said
from app.meant import NoSuchPicture, drawn_anew, picture_of
from app.running import Run
from app.session import Pending, Session
from app.turns import NEEDS_PICTURE, TASKS, Message, Reading, Step, Turn
from app.uploads import UploadError, read_upload
from app.wishes import MOST, count_of, same_seed, seed_of, without_seeds

LONGEST = 2000  # characters of a message
BROKEN = "Something went wrong while I was working on that. Try again, or say it another way."

log = logging.getLogger("onebrush")


class Chat:
    """Runs turns. `backend` may still be loading: the first turn then waits for it."""

    def __init__(self, backend: "Future[Backend]", max_megapixels: float,
                 new_seed: Callable[[], int], corrections: Corrections | None = None) -> None:
        self._backend = backend
        self._max_megapixels = max_megapixels
        self._new_seed = new_seed
        self._corrections = corrections

    def turn(self, message: Message, session: Session) -> Iterator[Event]:
        """Take one message."""
        return self._alone(session, lambda stop: self._message(message, session, stop))

    def choose(self, task: str, session: Session) -> Iterator[Event]:
        """The person's answer to `Asked`: one of the two readings."""
        return self._alone(session, lambda stop: self._chosen(task, session, stop))

    def retry(self, session: Session) -> Iterator[Event]:
        """The last turn again, from the same picture, with a new seed."""
        return self._alone(session, lambda stop: self._again(session, None, stop))

    def take_as(self, task: str, session: Session) -> Iterator[Event]:
        """The last turn as another task instead, from the same picture, with the same seed.

        That is a correction, and is kept where the person let it be (`Session.remember`).
        """
        return self._alone(session, lambda stop: self._again(session, task, stop))

    def variations(self, session: Session) -> Iterator[Event]:
        """The current picture's last step again, several times at once, with new seeds."""
        return self._alone(session, lambda stop: self._vary(session, stop))

    def upscale(self, session: Session, scale: int = 2) -> Iterator[Event]:
        """Enlarge the current picture."""
        return self._alone(session, lambda stop: self._upscale(session, scale, stop))

    # -- how each kind of turn begins -------------------------------------------------------

    def _alone(self, session: Session,
               run: Callable[[Signal], Iterator[Event]]) -> Iterator[Event]:
        """One turn at a time per session, and no exception ever leaves it."""
        stop = session.begin()
        if stop is None:
            yield Failed("One thing at a time: this picture is still being made.")
            return
        try:
            yield from run(stop)
        except UploadError as error:
            yield Failed(str(error))
        except Exception:  # the conversation survives; the trace is for the terminal
            log.exception("a turn failed")
            yield Failed(BROKEN)
        finally:
            session.end(stop)

    def _message(self, message: Message, session: Session, stop: Signal) -> Iterator[Event]:
        text = message.text.strip()
        if len(text) > LONGEST:
            yield Failed(f"That message is {len(text)} characters long; the limit is {LONGEST}.")
            return
        if not text and not message.attachments and message.mask is None:
            yield Failed(replies.EMPTY)
            return
        if not self._backend.done():
            yield Loading()
        backend = self._backend.result()
        # all are read before any is added: a refused file leaves the conversation as it was
        images = [read_upload(path, self._max_megapixels) for path in message.attachments]
        pictures = tuple(
            session.add(image, f"Your picture, {image.width} by {image.height} pixels")
            for image in images
        )
        if pictures:
            yield Received(pictures)
            message = replace(message, mask=None)  # that was painted on the picture before
        session.pending = None
        attachments = tuple(picture.number for picture in pictures)
        if not text and message.mask is None:
            yield Said(replies.HAVE_IT)
            return
        base = session.current.number if session.current else None
        if text:
            reading = backend.read(text, len(pictures), message.mask is not None, base is not None)
        else:  # a painted area and no words: take out what is under it
            reading = Reading("inpaint", True, {"inpaint": 1.0}, (Step("inpaint", mask=True),))
        pending = Pending(replace(message, text=text), base, attachments, reading)
        if reading.language == "other":
            yield Said(replies.LANGUAGES)
            return
        likely = _likely(reading, base is not None)
        if len(likely) > 1:
            session.pending = pending
            yield Asked(replies.UNSURE, likely)
            return
        yield from self._start(pending, likely[0], False, session, stop)

    def _chosen(self, task: str, session: Session, stop: Signal) -> Iterator[Event]:
        pending, session.pending = session.pending, None
        if pending is None:
            yield Failed("That question is no longer open. Say it once more.", keep=False)
            return
        yield from self._start(pending, task, True, session, stop)

    def _again(self, session: Session, task: str | None, stop: Signal) -> Iterator[Event]:
        if not session.turns:
            yield Failed("There is nothing to repeat yet.", keep=False)
            return
        last = session.turns[-1]
        mask = session.masks.get(len(session.turns) - 1)
        turn = replace(last, requests=(), images=(), timings=(), steps=())
        if task is not None and session.remember:
            yield from self._keep(last, task)
        if task is None:
            turn = replace(turn, seed=self._seed(turn.plan), plan=without_seeds(turn.plan))
        else:
            plan = self._one(task, last.message, last.language, session, last.base)
            turn = replace(turn, intent=task, chosen=True, plan=plan)
        yield from self._run(turn, mask, session, stop)

    def _keep(self, turn: Turn, task: str) -> Iterator[Event]:
        """Write a correction down; that it cannot be done is no reason not to draw."""
        try:
            if self._corrections is not None:
                self._corrections.keep(turn, task)
        except OSError as error:
            yield Noted(f"The correction could not be kept: {error.strerror or error}.")

    def _upscale(self, session: Session, scale: int, stop: Signal) -> Iterator[Event]:
        base = session.current.number if session.current else None
        backend = yield from self._ready()
        turn = Turn(
            message=f"Upscale ×{scale}", base=base, intent="sr", chosen=True,
            plan=(Step("sr", "", {"scale": scale}),), seed=self._new_seed(), model=backend.name,
        )
        yield from self._run(turn, None, session, stop)

    def _vary(self, session: Session, stop: Signal) -> Iterator[Event]:
        picture = session.current
        recipe = picture.recipe if picture else None
        if recipe is None or recipe.task == "sr":
            yield Failed(replies.NOTHING_TO_VARY, keep=False)
            return
        size = dict(zip(("width", "height"), recipe.size or (), strict=False))
        plan = (Step(recipe.task, recipe.prompt, {"variations": MOST, **size}, recipe.masked),)
        turn = Turn(
            message="Variations", base=recipe.source, masked=recipe.masked, intent=recipe.task,
            chosen=True, plan=plan, seed=self._seed(plan), model=picture.turn.model,
        )
        yield from self._run(turn, session.mask_of(picture), session, stop)

    def _seed(self, plan: Sequence[Step]) -> int:
        """A new seed; the pictures after the first take the ones after it, so they are used up."""
        seeds = [self._new_seed() for _ in range(max(map(count_of, plan), default=1))]
        return seeds[0]

    def _one(self, task: str, text: str, language: str, session: Session,
             base: int | None) -> tuple[Step, ...]:
        """The plan when the task is the person's choice; "chat" has nothing to do."""
        if task not in TASKS:
            return ()
        (step,) = self._english((self._backend.result().step(task, text),), language)
        if task == "t2i":
            step = replace(step, text=drawn_anew(step.text, session, base))
        return (step,)

    def _english(self, plan: tuple[Step, ...], language: str) -> tuple[Step, ...]:
        """The plan in words that the model reads."""
        return tuple(self._backend.result().in_english(step, language) for step in plan)

    # -- running a plan ---------------------------------------------------------------------

    def _ready(self) -> Iterator[Event]:
        """Wait for the model, saying so if it takes time. Returns the backend."""
        if not self._backend.done():
            yield Loading()
        return self._backend.result()

    def _start(self, pending: Pending, intent: str, chosen: bool, session: Session,
               stop: Signal) -> Iterator[Event]:
        reading, text = pending.reading, pending.message.text
        if intent == reading.intent:
            plan = self._english(reading.plan, reading.language)
        else:
            plan = self._one(intent, text, reading.language, session, pending.base)
        if intent == "chat" or not plan:
            yield Said(replies.answer(text, self._new_seed()))
            return
        seed = seed_of(plan)
        if seed is None and same_seed(plan):
            seed = session.seed
            if seed is None:
                yield Noted(replies.NO_SEED)
        seed = self._seed(plan) if seed is None else seed
        try:
            base = picture_of(plan[0].slots, session, pending.attachments, pending.base)
        except NoSuchPicture as error:
            yield Failed(str(error))
            return
        turn = Turn(
            message=text, attachments=pending.attachments, base=base,
            masked=pending.message.mask is not None, intent=intent,
            confidence=reading.scores.get(intent, 1.0), chosen=chosen,
            scores=reading.scores, plan=plan, seed=seed, model=self._backend.result().name,
            language=reading.language,
        )
        yield from self._run(turn, pending.message.mask, session, stop)

    def _run(self, turn: Turn, mask: Image.Image | None, session: Session,
             stop: Signal) -> Iterator[Event]:
        """Run `turn.plan`, unless there is nothing to run it on."""
        if turn.plan[0].task in NEEDS_PICTURE and turn.base is None:
            yield Said(replies.request_picture(turn.plan[0].task))
            return
        backend = yield from self._ready()
        if turn.language != "en" and not backend.able.world:
            yield Noted(replies.ENGLISH_BEST)
        elif turn.language != "en" or backend.reads_otherwise(turn.message):
            yield Noted(replies.read_as(turn.plan))
        yield from Run(turn, mask, session, stop, backend).events()


def _likely(reading: Reading, picture: bool) -> tuple[str, ...]:
    """The one reading to act on, or the two to ask about. picture: there is one to work on."""
    ranked = sorted(reading.scores, key=reading.scores.__getitem__, reverse=True)
    if reading.sure or len(ranked) < 2:
        return (reading.intent,)
    first, second = ranked[:2]
    if picture or not {first, second} & set(NEEDS_PICTURE):
        return (first, second)
    # with nothing to work on, drawing is the only one of the two that can be done
    return ("t2i",) if "t2i" in (first, second) else (first,)
