"""The denoising loop, as a generator, and what translates between kinds of prediction.

All schedulers here follow x_t = a·x0 + s·noise. A model may predict `epsilon` (the noise),
`sample` (x0), `v_prediction` (a·noise − s·x0, Salimans & Ho 2022) or `flow_prediction`
(noise − x0, Lipman et al. 2023); a scheduler expects one of them. The functions here turn one
into another, through x0, so any model goes with any scheduler.
"""

import inspect
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

import numpy as np
import torch

PREDICTION_TYPES = ("epsilon", "v_prediction", "sample")
SMALLEST_SIGNAL = 1e-4  # an epsilon prediction says nothing about x0 where no signal is left


class Denoised(NamedTuple):
    """One step of the loop: `index` in 1..`of`; the current estimate of x0 and the sample that the
    step led to, both (B, C, H, W). The last step's sample is the result."""

    index: int
    of: int
    x0: torch.Tensor
    sample: torch.Tensor


def to_x0(
    output: torch.Tensor, kind: str, sample: torch.Tensor, a: float, s: float
) -> torch.Tensor:
    """x0 from a prediction of `kind` at `sample` = a·x0 + s·noise."""
    if kind == "sample":
        return output
    if kind == "epsilon":
        return (sample - s * output) / max(a, SMALLEST_SIGNAL)
    if kind == "v_prediction":
        return (a * sample - s * output) / (a * a + s * s)
    if kind == "flow_prediction":
        return (sample - s * output) / (a + s)
    raise ValueError(f"Unknown prediction type {kind!r}.")


def from_x0(x0: torch.Tensor, kind: str, sample: torch.Tensor, a: float, s: float) -> torch.Tensor:
    """The prediction of `kind` that belongs to `x0` at `sample` = a·x0 + s·noise, s > 0."""
    if kind == "sample":
        return x0
    noise = (sample - a * x0) / s
    if kind == "epsilon":
        return noise
    if kind == "v_prediction":
        return a * noise - s * x0
    if kind == "flow_prediction":
        return noise - x0
    raise ValueError(f"Unknown prediction type {kind!r}.")


def is_flow(scheduler) -> bool:
    """True for flow matching, x_t = (1 − t)·x0 + t·noise."""
    config = scheduler.config
    return type(scheduler).__name__.startswith("FlowMatch") or bool(config.get("use_flow_sigmas"))


def expected_type(scheduler) -> str:
    """The kind of prediction `scheduler.step` takes."""
    if type(scheduler).__name__.startswith("FlowMatch"):
        return "flow_prediction"
    return scheduler.config.get("prediction_type", "epsilon")


def signal_and_noise(scheduler, index: int) -> tuple[float, float]:
    """(a, s) of the scaled model input at loop position `index` (0-based)."""
    timestep = scheduler.timesteps[index]
    if type(scheduler).__name__.startswith("FlowMatch"):
        t = float(timestep) / scheduler.config.num_train_timesteps
        return 1.0 - t, t
    sigmas = getattr(scheduler, "sigmas", None)
    if sigmas is None:  # the DDPM family keeps cumulated alphas per training timestep instead
        kept = float(scheduler.alphas_cumprod[int(timestep)])
        return kept**0.5, (1.0 - kept) ** 0.5
    sigma = float(sigmas[index])
    if is_flow(scheduler):
        return 1.0 - sigma, sigma
    a = (sigma * sigma + 1.0) ** -0.5
    return a, sigma * a


def fresh_scheduler(scheduler, steps: int, device="cpu", time_shift: float | None = None,
                    strength: float = 1.0):
    """A copy of `scheduler` with its timesteps set, so that requests share no state.

    For flow matching the unshifted times are 1, 1−1/n, … 1/n and the scheduler's own `shift`
    (or `time_shift`, if given) moves them towards noise: t ← s·t / (1 + (s−1)·t), Esser et al.
    2024, eq. 23. strength: the unshifted time to begin at, as after noising a picture so far
    (img2img); ValueError for one below 1 and a scheduler that is not diffusers' FlowMatch….
    """
    scheduler = type(scheduler).from_config(scheduler.config)
    if time_shift is not None and hasattr(scheduler, "set_shift"):
        scheduler.set_shift(time_shift)
    takes_sigmas = "sigmas" in inspect.signature(scheduler.set_timesteps).parameters
    if type(scheduler).__name__.startswith("FlowMatch") and takes_sigmas:
        times = strength * np.linspace(1.0, 1.0 / steps, steps)
        scheduler.set_timesteps(sigmas=times, device=device)
    elif strength < 1:
        raise ValueError("Only a scheduler of flow matching can begin with part of the noise.")
    else:
        scheduler.set_timesteps(steps, device=device)
    return scheduler


def denoise(
    predict: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    noise: torch.Tensor,
    scheduler,
    prediction_type: str,
    clip: Callable[[torch.Tensor], torch.Tensor] | None = None,
    generator: torch.Generator | None = None,
) -> Iterator[Denoised]:
    """Run the scheduler's timesteps over standard normal `noise` (B, C, H, W).

    predict(sample, timestep) is the guided model; its output is of kind `prediction_type`.
    `clip` limits the estimate of x0 (pixels have a range), after guidance. Yields once per step;
    leaving the generator early costs nothing.
    """
    sample = noise * scheduler.init_noise_sigma if hasattr(scheduler, "init_noise_sigma") else noise
    wanted = expected_type(scheduler)
    # ancestral schedulers draw noise at every step; diffusers' pipelines let eta be 0
    extra = {"generator": generator, "eta": 0.0}
    extra = {k: v for k, v in extra.items() if k in inspect.signature(scheduler.step).parameters}
    of = len(scheduler.timesteps)
    for index, timestep in enumerate(scheduler.timesteps):
        scaled = sample
        if hasattr(scheduler, "scale_model_input"):
            scaled = scheduler.scale_model_input(sample, timestep)
        output = predict(scaled, timestep)
        a, s = signal_and_noise(scheduler, index)
        x0 = to_x0(output, prediction_type, scaled, a, s)
        if clip:
            x0 = clip(x0)
        if clip or prediction_type != wanted:
            output = from_x0(x0, wanted, scaled, a, s)
        sample = scheduler.step(output, timestep, sample, return_dict=False, **extra)[0]
        yield Denoised(index + 1, of, x0, sample)


def exhaust(run: Generator):
    """Run a generator to its end; what it returns."""
    while True:
        try:
            next(run)
        except StopIteration as stop:
            return stop.value
