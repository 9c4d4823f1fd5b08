import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchHeunDiscreteScheduler,
    HeunDiscreteScheduler,
    UniPCMultistepScheduler,
)

from mtu.sampling import denoise, fresh_scheduler, from_x0, signal_and_noise, to_x0

KINDS = ("epsilon", "v_prediction", "sample", "flow_prediction")
SCHEDULERS = {
    "flow": FlowMatchEulerDiscreteScheduler(shift=3.0),
    "flow heun": FlowMatchHeunDiscreteScheduler(shift=3.0),
    "ddim": DDIMScheduler(clip_sample=False, set_alpha_to_one=True),
    "ddim v": DDIMScheduler(
        clip_sample=False, prediction_type="v_prediction", timestep_spacing="trailing"
    ),
    "euler": EulerDiscreteScheduler(),
    "euler sample": EulerDiscreteScheduler(prediction_type="sample"),
    "heun": HeunDiscreteScheduler(),
    "dpm": DPMSolverMultistepScheduler(),
    "dpm flow": DPMSolverMultistepScheduler(
        use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0
    ),
    "unipc": UniPCMultistepScheduler(prediction_type="v_prediction"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("a", "s"), [(0.6, 0.8), (0.25, 0.75)])
def test_every_prediction_turns_into_x0_and_back(kind, a, s):
    x0, noise = torch.randn(2, 1, 3, 4, 4, dtype=torch.float64)
    sample = a * x0 + s * noise
    expected = {
        "epsilon": noise,
        "sample": x0,
        "v_prediction": a * noise - s * x0,
        "flow_prediction": noise - x0,
    }[kind]
    torch.testing.assert_close(from_x0(x0, kind, sample, a, s), expected)
    torch.testing.assert_close(to_x0(expected, kind, sample, a, s), x0)


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_loop_finds_what_an_oracle_knows(name, kind):
    """A model that knows x0 says so in its own kind of prediction; any scheduler ends there."""
    generator = torch.Generator().manual_seed(0)
    x0 = torch.rand(1, 3, 8, 8, generator=generator) * 2 - 1
    scheduler = fresh_scheduler(SCHEDULERS[name], 12)
    calls = []

    def oracle(sample, timestep):
        a, s = signal_and_noise(scheduler, len(calls))
        calls.append(float(timestep))
        return from_x0(x0, kind, sample, a, s)

    noise = torch.randn(x0.shape, generator=generator)
    steps = list(denoise(oracle, noise, scheduler, kind))
    assert [step.index for step in steps] == list(range(1, len(calls) + 1))
    assert {step.of for step in steps} == {len(calls)}
    torch.testing.assert_close(steps[-1].x0, x0, atol=2e-3, rtol=0)
    torch.testing.assert_close(steps[-1].sample, x0, atol=5e-2, rtol=0)


def test_flow_times_are_shifted_towards_noise_and_end_at_zero():
    plain = fresh_scheduler(FlowMatchEulerDiscreteScheduler(shift=1.0), 4)
    shifted = fresh_scheduler(FlowMatchEulerDiscreteScheduler(shift=3.0), 4)
    override = fresh_scheduler(FlowMatchEulerDiscreteScheduler(shift=1.0), 4, time_shift=3.0)
    torch.testing.assert_close(plain.sigmas, torch.tensor([1.0, 0.75, 0.5, 0.25, 0.0]))
    expected = 3 * plain.sigmas / (1 + 2 * plain.sigmas)
    torch.testing.assert_close(shifted.sigmas, expected)
    torch.testing.assert_close(override.timesteps, 1000 * expected[:-1])


def test_part_of_the_noise_is_the_end_of_the_way():
    template = FlowMatchEulerDiscreteScheduler(shift=3.0)
    whole, half = fresh_scheduler(template, 8), fresh_scheduler(template, 4, strength=0.5)
    torch.testing.assert_close(half.sigmas, whole.sigmas[4:])
    with pytest.raises(ValueError, match="flow matching"):
        fresh_scheduler(SCHEDULERS["ddim"], 4, strength=0.5)


def test_one_flow_step_lands_on_the_prediction():
    scheduler = fresh_scheduler(FlowMatchEulerDiscreteScheduler(shift=3.0), 1)
    x0 = torch.rand(1, 3, 4, 4)
    (step,) = denoise(lambda sample, t: x0, torch.randn(1, 3, 4, 4), scheduler, "sample")
    torch.testing.assert_close(step.sample, x0)


def test_clipping_comes_after_guidance():
    """The loop clips what `predict` has already guided, so an overshoot ends at the rim."""
    scheduler = fresh_scheduler(FlowMatchEulerDiscreteScheduler(), 3)
    wild = torch.tensor([-5.0, -0.5, 0.5, 5.0]).view(1, 1, 2, 2)
    noise = torch.randn(1, 1, 2, 2)
    *_, last = denoise(
        lambda sample, t: wild, noise, scheduler, "sample", clip=lambda x0: x0.clamp(-1, 1)
    )
    torch.testing.assert_close(last.sample.flatten(), torch.tensor([-1.0, -0.5, 0.5, 1.0]))


def test_requests_share_no_scheduler_state():
    template = FlowMatchEulerDiscreteScheduler(shift=3.0)
    before = template.timesteps.clone()
    first, second = fresh_scheduler(template, 3), fresh_scheduler(template, 5)
    next(denoise(lambda sample, t: sample, torch.randn(1, 1, 2, 2), first, "sample"))
    assert (len(first.timesteps), len(second.timesteps)) == (3, 5)
    assert second.step_index is None and template.step_index is None
    assert torch.equal(template.timesteps, before)


def test_leaving_early_stops_the_model():
    calls = []

    def predict(sample, timestep):
        calls.append(timestep)
        return sample

    scheduler = fresh_scheduler(FlowMatchEulerDiscreteScheduler(), 10)
    loop = denoise(predict, torch.randn(1, 1, 2, 2), scheduler, "sample")
    next(loop), next(loop)
    loop.close()
    assert len(calls) == 2
