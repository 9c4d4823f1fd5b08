"""The guided denoising loop of a pipeline: every branch of the guidance in one pass."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch

from .guidance import Branch, combine
from .requests import Inputs
from .residual import Residual
from .sampling import Denoised, denoise, fresh_scheduler, signal_and_noise
from .speed import WHOLE, solver_of
from .text import Text

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def guided_loop(
    pipeline, inputs: Inputs, condition: torch.Tensor | None, noise: torch.Tensor,
    start: torch.Tensor | None = None, strength: float = 1.0,
) -> Iterator[Denoised]:
    """Denoise `noise` (B, C, h, w) for a request to an MTUPipeline, yielding encoded pictures.

    condition: (B, C_cond, h, w), or None where the task has none. start: the encoded picture that
    is noised and begun from, under flow matching, in the last `strength` of the time.
    """
    settings, space, pace = pipeline.config, pipeline.space, inputs.pace
    clip, residual = _clip_pixels if space.is_pixels else None, None
    if inputs.task in settings.residual:
        source = condition[:, : noise.shape[1]]
        share = settings.residual_share.get(inputs.task, 1.0)
        residual = Residual(source, settings.residual[inputs.task], share)
        clip = residual.clip if clip else None
    shift = settings.time_shift if pace.time_shift is None else pace.time_shift
    solver = solver_of(pipeline.scheduler, pace.solver, shift)
    scheduler = fresh_scheduler(solver, inputs.steps, noise.device, shift, strength)
    if start is not None:
        signal, share = signal_and_noise(scheduler, 0)
        noise = signal * (residual.sample(start) if residual else start) + share * noise
    predict = _predict(pipeline, inputs, condition, scheduler.config.num_train_timesteps)

    def placed(sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        return predict(space.placed(sample), timestep)

    loop = denoise(placed, noise, scheduler, settings.prediction_type, clip, inputs.generator)
    for step in loop:
        if residual:
            step = step._replace(
                x0=residual.made(step.x0), sample=residual.made(step.sample)
            )
        yield step


def _predict(pipeline, inputs: Inputs, condition: torch.Tensor | None, of: int) -> Predict:
    """The request's model for `denoise`: guided, or the conditional row alone where the pace
    leaves guidance out. of: training timesteps."""

    def model(rows: Sequence[Branch]) -> Predict:
        texts = [pipeline.encode_text(inputs.prompt if row.text else "") for row in rows]
        return guided(
            pipeline.unet, inputs.task, rows, texts, condition, pipeline.space.factor,
            pipeline.autocast_dtype,
        )  # fmt: skip

    full, pace = model(inputs.rows), inputs.pace
    if len(inputs.rows) == 1 or pace.guided == WHOLE:
        return full
    alone = model([replace(inputs.rows[-1], weight=1.0)])  # conditions come last (`branches`)

    def predict(sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        return (full if pace.guides(float(timestep), of) else alone)(sample, timestep)

    return predict


def guided(
    unet,
    task: str,
    rows: Sequence[Branch],
    texts: Sequence[Text],
    condition: torch.Tensor | None,
    factor: int,
    autocast_dtype: torch.dtype | None = None,
) -> Predict:
    """predict(sample, timestep) for `denoise`: (B, C, h, w) -> (B, C, h, w), float32.

    texts: what the UNet reads in each of `rows`, on its device. condition: (B, C_cond, h, w), or
    None where the task has none. factor: pixels per sample element, for a UNet that is told the
    picture's size (SDXL's time ids: original size, crop and target size).
    """
    shared = {"task": task} if hasattr(unet, "mtu_config") else {}
    if condition is not None:
        shown = [condition if row.image else torch.zeros_like(condition) for row in rows]
        shared["condition"] = torch.cat(shown).to(unet.dtype)

    def predict(sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        count, size = len(sample), [length * factor for length in sample.shape[-2:]]
        kwargs = shared | {"encoder_hidden_states": _per_row([t.states for t in texts], count)}
        if texts[0].mask is not None:
            kwargs["encoder_attention_mask"] = _per_row([t.mask for t in texts], count)
        if texts[0].pooled is not None:
            ids = torch.tensor([[*size, 0, 0, *size]], device=sample.device, dtype=unet.dtype)
            kwargs["added_cond_kwargs"] = {
                "text_embeds": _per_row([t.pooled for t in texts], count),
                "time_ids": ids.expand(count * len(rows), -1),
            }
        batch = torch.cat([sample] * len(rows)).to(unet.dtype)  # (rows · B, C, h, w)
        fast = autocast_dtype
        with torch.autocast(batch.device.type, fast, enabled=fast is not None):
            output = unet(batch, timestep, **kwargs, return_dict=False)[0]
        return combine(output.float(), rows)

    return predict


def _clip_pixels(x0: torch.Tensor) -> torch.Tensor:
    return x0.clamp(-1.0, 1.0)


def _per_row(parts: list[torch.Tensor], count: int) -> torch.Tensor:
    return torch.cat([part.expand(count, *part.shape[1:]) for part in parts])
