"""diffusers' pipelines as the oracle: the same request, compared step by step."""

import inspect

import numpy as np
from tiny_pipelines import seeded

import mtu.pipeline
from mtu import MTUPipeline
from mtu.upcycle import upcycle

TOLERANCE = 1e-4  # float32


def upcycled(peer, folder, **options) -> MTUPipeline:
    """`peer` saved, upcycled by the command's own function, and loaded."""
    peer.save_pretrained(folder / "base")
    upcycle(folder / "base", folder / "out", **options)
    return MTUPipeline.from_pretrained(folder / "out")


def steps_of(peer, **request):
    """diffusers' picture (H, W, 3) in [0, 1] and the latents after each step."""
    seen = []

    def keep(pipeline, index, timestep, tensors):
        seen.append(tensors["latents"])
        return {}

    callback = {"callback_on_step_end": keep}
    if "callback_on_step_end" not in inspect.signature(peer.__call__).parameters:
        callback = {"callback": lambda index, timestep, latents: seen.append(latents)}
        callback["callback_steps"] = 1
    peer.set_progress_bar_config(disable=True)
    images = peer(**request, output_type="np", **callback).images
    return images[0], seen


def ours(pipeline, monkeypatch, task, **request):
    """The same of an MTUPipeline."""
    seen, loop = [], mtu.pipeline.guided_loop

    def spied(*arguments):
        for step in loop(*arguments):
            seen.append(step.sample)
            yield step

    monkeypatch.setattr(mtu.pipeline, "guided_loop", spied)
    return pipeline(task, **request, output_type="np").images[0], seen


def check(pair, expected):
    """Two results of `steps_of` and `ours` are the same; None for a picture not to compare."""
    image, latents = pair
    peer_image, peer_latents = expected
    assert len(latents) == len(peer_latents) > 0
    for mine, theirs in zip(latents, peer_latents, strict=True):
        largest = theirs.abs().max().clamp(min=1)  # a sigma scheduler's samples are that large
        assert (mine - theirs).abs().max() <= TOLERANCE * largest
    if image is not None:
        assert np.abs(image - peer_image).max() <= 0.5 / 255 + TOLERANCE  # ours went through 8 bits


def compare(peer, pipeline, monkeypatch, steps=4, scale=7.5, prompt="a cat", size=(32, 32)):
    """Both draw the same picture by the same steps."""
    common = {"height": size[0], "width": size[1], "num_inference_steps": steps}
    request = {"prompt": prompt, "guidance_scale": scale} | common
    expected = steps_of(peer, **request, generator=seeded(3))
    check(ours(pipeline, monkeypatch, "t2i", **request, generator=seeded(3)), expected)
