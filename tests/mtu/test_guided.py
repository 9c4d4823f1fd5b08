"""The guided loop, begun from a picture."""

import pytest
import torch
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu.guided import guided_loop
from mtu.images import to_tensor
from mtu.requests import check_inputs


@pytest.mark.parametrize("task", ["t2i", "edit"])
def test_a_picture_is_noised_and_begun_from(task):
    pipeline = tiny_pipeline(residual={"edit": 2.0})
    source = picture(32, 32) if task == "edit" else None
    inputs = check_inputs(
        tasks=tuple(pipeline.layouts), settings=pipeline.config, task=task, prompt="a cat",
        size_multiple=pipeline.size_multiple, image=source, num_inference_steps=2)
    condition = None if source is None else pipeline._condition(task, to_tensor(source), None)
    start = pipeline.space.encode(to_tensor(picture(32, 32, seed=1)))
    noise, read = pipeline.noise(seeded(3), 8, 8), []
    hook = pipeline.unet.register_forward_pre_hook(lambda _, args: read.append(args))
    steps = list(guided_loop(pipeline, inputs, condition, noise, start, strength=0.25))
    hook.remove()
    assert len(steps) == 2
    time = 3 * 0.25 / (1 + 2 * 0.25)  # shifted by 3
    sample, timestep = read[0][:2]
    assert float(timestep) == pytest.approx(1000 * time)
    begun = start if task == "t2i" else 2 * (start - pipeline.space.encode(to_tensor(source)))
    torch.testing.assert_close(sample[:1], (1 - time) * begun + time * noise)
    made = pipeline.space.decode(steps[-1].sample)
    assert made.shape == (1, 3, 32, 32) and made.abs().max() <= 1 + 1e-5
