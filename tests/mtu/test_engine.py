import threading

import pytest
from PIL import Image
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import Cancelled, Done, Engine, Failed, Progress, Queued, Request

SOURCE = picture(40, 32)
LONG = Request("t2i", "a cat", steps=1000)


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


@pytest.fixture
def engine(pipeline):
    engine = Engine(pipeline)
    yield engine
    engine.close()


def started(job) -> Progress:
    """Read until the first step is done."""
    return next(event for event in job.events() if isinstance(event, Progress))


class Gate:
    """Holds the model before a step, so that a test can act at a known moment."""

    def __init__(self, pipeline, at: int):
        self.at, self.calls = at, 0
        self.reached, self.open = threading.Event(), threading.Event()
        self.hook = pipeline.unet.register_forward_pre_hook(self._wait)

    def _wait(self, module, args):
        self.calls += 1
        if self.calls == self.at:
            self.reached.set()
            assert self.open.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.open.set()
        self.hook.remove()


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "request_",
    [
        Request("t2i", "a cat", seed=5),
        Request("edit", "make it night", SOURCE, seed=5),
        Request("sr", image=SOURCE, scale=2, seed=5),
        Request("inpaint", mask=Image.new("L", SOURCE.size, 255), image=SOURCE, seed=5),
    ],
    ids=lambda request: request.task,
)
def test_a_request_becomes_the_pipelines_picture(engine, pipeline, request_):
    events = list(engine.submit(request_).events())
    assert events[0] == Queued(0) or isinstance(events[0], Progress)
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].step == progress[-1].of
    assert progress[-1].seconds_left == 0
    assert all(event.seconds_left >= 0 and event.preview is not None for event in progress)
    assert isinstance(events[-1], Done)
    assert events[-1].seconds > 0
    arguments = {"image": request_.image, "mask": request_.mask, "generator": seeded(5)}
    alone = pipeline(request_.task, request_.prompt, **arguments).images[0]
    assert events[-1].image.tobytes() == alone.tobytes()


@pytest.mark.timeout(30)
def test_the_last_event_can_be_read_again(engine):
    job = engine.submit(Request("t2i", "a cat"))
    (*_, last) = job.events()
    assert list(job.events()) == [last]
    job.cancel()
    assert list(job.events()) == [last]


@pytest.mark.timeout(30)
def test_cancel_takes_effect_within_one_step(engine, pipeline):
    with Gate(pipeline, at=3) as gate:
        job = engine.submit(LONG)
        assert gate.reached.wait(20)
        job.cancel()
        gate.open.set()
        assert list(job.events())[-1] == Cancelled()
        assert gate.calls == 3


@pytest.mark.timeout(30)
def test_cancel_while_waiting_is_immediate_and_moves_the_others_up(engine, pipeline):
    with Gate(pipeline, at=1) as gate:
        first = engine.submit(LONG)
        assert gate.reached.wait(20)
        second, third = engine.submit(LONG), engine.submit(Request("t2i", "a cat"))
        events = third.events()
        assert next(events) == Queued(2)
        second.cancel()
        assert list(second.events())[-1] == Cancelled()
        assert next(events) == Queued(1)
        first.cancel()
    assert isinstance(list(events)[-1], Done)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request("paint"), "unknown task"),
        (Request("edit", "make it night"), "needs an image"),
        (Request("t2i", "a cat", seed=-1), "seed"),
        (Request("t2i", "a cat", seed="1"), "seed"),
        (Request("t2i", "a cat", steps=0), "number of steps"),
        (Request("sr", image=SOURCE, scale=5), "scale"),
    ],
)
def test_a_bad_request_is_refused_at_once(engine, request_, message):
    with pytest.raises(ValueError, match=message):
        engine.submit(request_)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("shapes do not\nmatch."), "The model failed on this request: shapes do not."),
        (KeyError(), "The model failed on this request: KeyError."),
        (MemoryError(), "There is not enough memory for this picture; try a smaller one."),
    ],
)
def test_a_failure_is_one_sentence_and_the_engine_goes_on(engine, pipeline, error, message):
    def fail(module, args):
        raise error

    hook = pipeline.unet.register_forward_pre_hook(fail)
    assert list(engine.submit(Request("t2i", "a cat")).events())[-1] == Failed(message)
    hook.remove()
    assert isinstance(list(engine.submit(Request("t2i", "a cat")).events())[-1], Done)


@pytest.mark.timeout(30)
def test_a_slow_reader_gets_the_newest_progress(engine):
    job = engine.submit(Request("t2i", "a cat", steps=30))
    waiting = engine.submit(Request("t2i", "a cat", steps=1))
    list(waiting.events())  # by now the first is done, and nobody has read its progress
    kinds = [type(event) for event in job.events()]
    assert kinds == [Queued, Progress, Done]


@pytest.mark.timeout(30)
def test_close_ends_everything(pipeline):
    engine = Engine(pipeline)
    running, waiting = engine.submit(LONG), engine.submit(LONG)
    started(running)
    engine.close()
    engine.close()
    assert [list(job.events())[-1] for job in (running, waiting)] == [Cancelled()] * 2
    assert not engine._worker.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit(Request("t2i", "a cat"))


def test_router_weights(engine):
    weights = engine.router_weights("edit")
    assert all(sum(block) == pytest.approx(1.0) for block in weights)
    assert len(weights[0]) == 4
    assert weights != engine.router_weights("sr")
    with pytest.raises(ValueError, match="paint"):
        engine.router_weights("paint")
