"""SDXL through every task: what each evaluation is told, and its autoencoder's precision."""

import pytest
import torch
from tiny_peers import sdxl_peer
from tiny_pipelines import picture, seeded
from tiny_steps import upcycled

REQUESTS = {  # task -> (request, size of the result, rows of each evaluation, pixels told)
    "t2i": ({"prompt": "a cat", "height": 48, "width": 32}, (32, 48), 2, (48, 32)),
    "edit": ({"prompt": "make it night", "image": picture(50, 40)}, (50, 40), 3, None),
    "sr": ({"image": picture(30, 20), "scale": 2}, (60, 40), 4, (32, 32)),
    "inpaint": ({"prompt": "remove the cat", "image": picture(32, 32)}, (32, 32), 3, (32, 32)),
}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    return upcycled(sdxl_peer(), tmp_path_factory.mktemp("sdxl"))


@pytest.mark.parametrize("task", REQUESTS)
def test_every_evaluation_is_told_its_prompt_and_size(pipeline, task):
    request, size, rows, told = REQUESTS[task]
    seen = []
    hook = pipeline.unet.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append((args[0], kwargs["added_cond_kwargs"])),
        with_kwargs=True,
    )
    run = {"num_inference_steps": 1, "generator": seeded(1)}
    result = pipeline(task, **request, **run).images[0]
    hook.remove()
    assert result.size == size
    sample, added = seen[0]
    assert len(sample) == rows
    assert added["text_embeds"].shape == (rows, 20)
    assert added["time_ids"].shape == (rows, 6)
    height, width = told or [2 * length for length in sample.shape[-2:]]
    assert added["time_ids"].tolist() == [[height, width, 0, 0, height, width]] * rows
    # no words are zeros here, with the picture and without it; an enlargement has none at all
    words = [bool(row.any()) for row in added["text_embeds"]]
    assert words == {"t2i": [False, True], "sr": [False] * 4}.get(task, [False, False, True])


def test_mixed_tasks_in_one_pass(pipeline):
    """Rows of several tasks with pooled embeddings of their own equal those rows alone."""
    generator = seeded(2)
    texts = [pipeline.encode_text(words) for words in ("a cat", "", "a dog")]
    inputs = {
        "sample": torch.randn(3, 4, 8, 8, generator=generator),
        "timestep": torch.tensor([20, 500, 900]),
        "encoder_hidden_states": torch.cat([text.states for text in texts]),
    }
    added = {"text_embeds": torch.cat([text.pooled for text in texts]),
             "time_ids": torch.full((3, 6), 16.0)}  # fmt: skip
    condition, tasks = torch.randn(3, 7, 8, 8, generator=generator), ["edit", "t2i", "inpaint"]
    with torch.no_grad():
        mixed = pipeline.unet(
            **inputs, task=tasks, condition=condition, added_cond_kwargs=added
        ).sample
        for i, task in enumerate(tasks):
            one = slice(i, i + 1)
            alone = pipeline.unet(
                **{name: value[one] for name, value in inputs.items()}, task=task,
                condition=condition[one],
                added_cond_kwargs={name: value[one] for name, value in added.items()},
            ).sample  # fmt: skip
            assert (alone - mixed[one]).abs().max() < 1e-5


def test_an_autoencoder_that_overflows_in_half_precision_is_widened(tmp_path):
    peer = sdxl_peer()
    assert peer.vae.config.force_upcast
    pipeline = upcycled(peer, tmp_path)
    pipeline.vae.half()
    source = pipeline("edit", "make it night", picture(32, 32), num_inference_steps=1).images[0]
    assert source.size == (32, 32)
    assert pipeline.vae.dtype == torch.float32
    pipeline.vae.register_to_config(force_upcast=False)
    pipeline.vae.to(torch.bfloat16)
    pipeline("t2i", "a cat", num_inference_steps=1)
    assert pipeline.vae.dtype == torch.bfloat16
