"""The fast way of a model: what its settings say is what the UNet is asked for."""

import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler
from tiny_pipelines import picture, seeded, tiny_latent_pipeline, tiny_pipeline

from mtu import Done, Engine, MTUPipeline, Request
from mtu.sampling import denoise, fresh_scheduler
from mtu.speed import SOLVERS, solver_of

FAST = {"t2i": {"steps": 4, "solver": SOLVERS[0], "guided": [0.4, 0.9]}, "edit": {"steps": 2}}


def rows_of_each_pass(pipeline, *args, **kwargs) -> list[int]:
    """Runs a request; the rows of the UNet's batch in each of its passes."""
    found = []
    hook = pipeline.unet.register_forward_pre_hook(lambda module, args: found.append(len(args[0])))
    pipeline(*args, generator=seeded(1), **kwargs)
    hook.remove()
    return found


def test_the_fast_way_has_its_steps_and_guides_only_where_it_says():
    pipeline = tiny_pipeline(default_steps=6, fast=FAST)
    assert rows_of_each_pass(pipeline, "t2i", "a cat") == [2] * 6
    # shift 3 moves the times 1, 3/4, 1/2, 1/4 to 1, .9, .75, .5
    assert rows_of_each_pass(pipeline, "t2i", "a cat", speed="fast") == [1, 2, 2, 2]
    edit = {"image": picture(32, 32), "speed": "fast"}
    assert rows_of_each_pass(pipeline, "edit", "make it night", **edit) == [3] * 2
    assert len(rows_of_each_pass(pipeline, "sr", image=picture(16, 16), speed="fast")) == 6
    assert rows_of_each_pass(pipeline, "t2i", "a cat", speed="fast", num_inference_steps=2) == [
        1, 2]


def test_the_pipelines_speed_is_that_of_requests_without_one():
    pipeline = tiny_pipeline(default_steps=6, fast=FAST)
    pipeline.speed = "fast"
    assert len(rows_of_each_pass(pipeline, "t2i", "a cat")) == 4
    assert len(rows_of_each_pass(pipeline, "t2i", "a cat", speed="best")) == 6


def test_the_engine_passes_it_on_and_the_settings_are_saved(tmp_path):
    tiny_pipeline(default_steps=6, fast=FAST).save_pretrained(tmp_path)
    pipeline = MTUPipeline.from_pretrained(tmp_path)
    engine = Engine(pipeline)
    try:
        *_, before, done = engine.submit(Request("t2i", "a cat", seed=1, speed="fast")).events()
        assert isinstance(done, Done) and before.of == 4
        alone = pipeline("t2i", "a cat", speed="fast", generator=seeded(1)).images[0]
        assert done.image.tobytes() == alone.tobytes()
        with pytest.raises(ValueError, match="speed must be one of best, fast"):
            engine.submit(Request("t2i", "a cat", speed="slow"))
    finally:
        engine.close()


def test_a_model_without_a_fast_way_says_so():
    with pytest.raises(ValueError, match="has no fast setting"):
        tiny_pipeline().steps("t2i", "a cat", speed="fast")


@pytest.mark.parametrize(("fast", "named"), [
    ({"dance": {"steps": 3}}, "dance"), ({"t2i": {}}, "holds steps"),
    ({"t2i": {"steps": 0}}, "1 to 1000"), ({"t2i": {"steps": 2, "order": 3}}, "may hold"),
    ({"t2i": {"steps": 2, "solver": "DDPMScheduler"}}, "solver"),
    ({"t2i": {"steps": 2, "guided": [0.9, 0.1]}}, "shares of noise"),
    ({"t2i": {"steps": 2, "time_shift": 0}}, "above 0"),
])
def test_settings_that_cannot_be_are_one_sentence(fast, named):
    with pytest.raises(ValueError, match=named):
        tiny_pipeline(fast=fast)


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_runs_on_latents_with_noise_schedules_too(solver):
    pipeline = tiny_latent_pipeline(DDIMScheduler(clip_sample=False))
    pipeline.register_to_config(fast={"t2i": {"steps": 3, "solver": solver}})
    first, again = (pipeline("t2i", "a cat", speed="fast", generator=seeded(1)).images[0]
                    for _ in range(2))
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("solver", SOLVERS)
def test_half_the_steps_of_second_order_come_nearer_to_the_exact_answer(solver):
    """Data of variance 1/4 around 1/2 has a known best estimate of x0 at every time; along it the
    sample must end at 1/2 + noise / 2."""

    def best(sample, timestep):
        t = float(timestep) / 1000
        return 0.5 + 0.25 * (1 - t) * (sample - 0.5 * (1 - t)) / (0.25 * (1 - t) ** 2 + t * t)

    noise = torch.linspace(-2, 2, 32).reshape(1, 1, 4, 8)
    euler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    errors = []
    for scheduler, steps in ((euler, 16), (solver_of(euler, solver, 1.0), 8)):
        *_, last = denoise(best, noise, fresh_scheduler(scheduler, steps), "sample")
        errors.append(float((last.sample - (0.5 + noise / 2)).abs().max()))
    assert errors[1] < errors[0]


def test_a_solver_takes_over_the_shift():
    euler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    assert solver_of(euler, None) is euler
    assert solver_of(euler, SOLVERS[0]).config.flow_shift == 3.0
    assert solver_of(euler, SOLVERS[0], 2.0).config.flow_shift == 2.0
    assert isinstance(solver_of(DDIMScheduler(), SOLVERS[0]), DPMSolverMultistepScheduler)
