"""The engine: one worker thread that owns the pipeline, a queue of requests, events back."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
from PIL import Image

from .familiar import UNFAMILIAR, is_familiar
from .look import NotFound
from .trained import require_trained

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What to do. task: t2i, edit, sr or inpaint. mask: "L" at the image's size, white = change.
    scale: 2 or 4 (sr). width, height: pixels (t2i). None for the model's own: they, steps and the
    guidance scales. speed: "best", "fast" where the model has that, None for the pipeline's.
    foreign: the image comes from elsewhere; a model that knows only a world of its own may leave
    it alone (edit, inpaint). where, in_front: as `MTUPipeline.steps` has them."""

    task: str
    prompt: str = ""
    image: Image.Image | None = None
    mask: Image.Image | None = None
    scale: int = 2
    seed: int = 0
    steps: int | None = None
    guidance_scale: float | None = None
    image_guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    foreign: bool = False
    speed: str | None = None
    where: str = ""
    in_front: bool = False


@dataclass(frozen=True)
class Queued:
    """Waiting; `ahead` requests come first. Sent at once, and again whenever that changes."""

    ahead: int


@dataclass(frozen=True)
class Progress:
    """`step` of `of` is done; `preview` (or None) is the picture so far; seconds are a guess."""

    step: int
    of: int
    preview: Image.Image | None
    seconds_left: float


@dataclass(frozen=True)
class Done:
    """The picture, and the seconds it took once it was its turn. flagged: the model's own safety
    checker holds it to be unfit to show; the picture is whole all the same."""

    image: Image.Image
    seconds: float
    flagged: bool = False


@dataclass(frozen=True)
class Failed:
    """It did not work, for the reason in this one sentence."""

    message: str


@dataclass(frozen=True)
class Cancelled:
    """It was cancelled."""


Event = Queued | Progress | Done | Failed | Cancelled
FINAL = (Done, Failed, Cancelled)


class Job:
    """A submitted request: its events, and the way to stop it. Safe from any thread."""

    def __init__(self, request: Request, steps, withdraw):
        self.request = request
        self._steps = steps  # until the worker takes them
        self._withdraw = withdraw
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._pending: deque[Event] = deque()
        self._final: Event | None = None

    def events(self) -> Iterator[Event]:
        """Block for events, in order, until one of Done, Failed or Cancelled, which is the last.

        A reader that is slower than the model gets the newest Progress and skips the older ones.
        Called again afterwards it yields the last event once more.
        """
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._final)
                event = self._pending.popleft() if self._pending else self._final
            yield event
            if isinstance(event, FINAL):
                return

    def cancel(self) -> None:
        """Stop: a waiting job at once, a running one before its next step; else nothing."""
        self._stop.set()
        if self._start() is not None:  # the worker will never have it, so nobody else ends it
            self._send(Cancelled())
            self._withdraw(self)

    def _start(self):
        """Take the generator of steps: for the first who asks; None for anyone later."""
        with self._changed:
            steps, self._steps = self._steps, None
            return steps

    def _send(self, event: Event) -> None:
        with self._changed:
            if isinstance(event, FINAL):
                self._final = event
            else:
                if self._pending and type(self._pending[-1]) is type(event):
                    self._pending.pop()
                self._pending.append(event)
            self._changed.notify_all()


class Engine:
    """Runs requests one after the other on a pipeline (`MTUPipeline`) in a thread of its own.

    Nothing else may use the pipeline meanwhile. A failure ends its job, never the engine.
    """

    def __init__(self, pipeline):
        self._pipeline = pipeline
        self._changed = threading.Condition()
        self._queue: deque[Job] = deque()
        self._running: Job | None = None
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="mtu-engine", daemon=True)
        self._worker.start()

    def submit(self, request: Request) -> Job:
        """Check a request and queue it. ValueError in one clear sentence for a bad one, or for a
        task the model has not learned; RuntimeError after `close`."""
        seed = request.seed
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
            raise ValueError(f"The seed must be a whole number from 0 to 2^63 - 1, not {seed!r}.")
        asked = {field.name: getattr(request, field.name) for field in fields(request)}
        del asked["foreign"]
        asked["num_inference_steps"] = asked.pop("steps")
        asked["generator"] = torch.Generator().manual_seed(asked.pop("seed"))
        steps = self._pipeline.steps(**asked)
        require_trained(self._pipeline.unet, request.task)
        job = Job(request, steps, self._withdraw)
        with self._changed:
            if self._closed:
                raise RuntimeError("The engine is closed.")
            self._queue.append(job)
            job._send(Queued(len(self._queue) - 1 + (self._running is not None)))
            self._changed.notify_all()
        return job

    def router_weights(self, task: str) -> list[list[float]]:
        """Per block, the weight of each expert for `task`; ValueError if the model has none."""
        unet = self._pipeline.unet
        names = getattr(unet, "task_names", ())
        if task not in names:
            raise ValueError(f"This model has no router weights for {task!r}.")
        return unet.router_weights()[names.index(task)].tolist()

    def close(self) -> None:
        """Cancel everything, and wait for the worker to end. May be called twice."""
        with self._changed:
            self._closed = True
            jobs = [*self._queue, *([self._running] if self._running else [])]
            self._changed.notify_all()
        for job in jobs:
            job.cancel()
        self._worker.join()

    def _withdraw(self, job: Job) -> None:
        with self._changed:
            if job in self._queue:
                self._queue.remove(job)
                self._announce()

    def _announce(self) -> None:
        for ahead, job in enumerate(self._queue, start=self._running is not None):
            job._send(Queued(ahead))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._running = None
                self._changed.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                self._running = self._queue.popleft()
                self._announce()
            steps = self._running._start()
            if steps is not None:
                self._running._send(_run(self._running, steps, self._pipeline))


def _run(job: Job, steps, pipeline) -> Event:
    """Run a job's steps, sending progress; returns the event that ends it."""
    begin, request = time.perf_counter(), job.request
    try:
        if request.foreign and request.task in ("edit", "inpaint") and not is_familiar(
            pipeline, request.image
        ):
            return Failed(UNFAMILIAR)
        while not job._stop.is_set():
            try:
                step = next(steps)
            except StopIteration as stop:
                if job._stop.is_set():
                    break
                flagged = pipeline.is_flagged(stop.value)
                return Done(stop.value, time.perf_counter() - begin, flagged)
            left = (time.perf_counter() - begin) / step.index * (step.of - step.index)
            job._send(Progress(step.index, step.of, step.preview, left))
        steps.close()
        return Cancelled()
    except NotFound as error:
        return Failed(str(error))
    except (MemoryError, torch.OutOfMemoryError):
        return Failed("There is not enough memory for this picture; try a smaller one.")
    except Exception as error:  # whatever the model raises must not end the thread
        logger.exception("A request failed")
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        return Failed(f"The model failed on this request: {reason}.")
