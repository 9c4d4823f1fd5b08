import json

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file
from tiny_pipelines import PATCH, picture, seeded, tiny_latent_pipeline, tiny_pipeline
from torch.nn import functional as F

from mtu import MTUPipeline, MTUUNet2DConditionModel, Step
from mtu.conditioning import ConditionLayout
from mtu.guidance import branches

SOURCE = picture(50, 40)
REQUESTS = {
    "t2i": {"prompt": "a cat"},
    "edit": {"prompt": "make it night", "image": SOURCE},
    "sr": {"image": SOURCE, "scale": 2},
    "inpaint": {"prompt": "remove the ball", "image": SOURCE},
}
SIZES = {"t2i": (32, 32), "edit": (50, 40), "sr": (100, 80), "inpaint": (50, 40)}


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


def run(pipeline, task, seed=1, **changes) -> Image.Image:
    return pipeline(task, **(REQUESTS[task] | changes), generator=seeded(seed)).images[0]


@pytest.mark.parametrize("task", REQUESTS)
def test_the_same_seed_gives_the_same_picture_and_another_another(pipeline, task):
    first = run(pipeline, task)
    assert (first.mode, first.size) == ("RGB", SIZES[task])
    assert run(pipeline, task).tobytes() == first.tobytes()
    assert run(pipeline, task, seed=2).tobytes() != first.tobytes()


@pytest.mark.parametrize("task", REQUESTS)
def test_latent_space(task):
    pipeline = tiny_latent_pipeline()
    first = run(pipeline, task)
    assert (first.mode, first.size) == ("RGB", SIZES[task])
    assert run(pipeline, task).tobytes() == first.tobytes()
    assert next(pipeline.steps(task, **REQUESTS[task])).preview is None


@pytest.mark.parametrize(
    "scheduler", [DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler]
)
def test_schedulers_can_be_swapped_and_stay_seeded(scheduler):
    pipeline = tiny_latent_pipeline(scheduler())
    assert run(pipeline, "t2i").tobytes() == run(pipeline, "t2i").tobytes()
    assert run(pipeline, "t2i").tobytes() != run(pipeline, "t2i", seed=2).tobytes()


@pytest.mark.parametrize("make", [tiny_pipeline, tiny_latent_pipeline])
def test_save_then_load_gives_the_same_pictures(make, tmp_path):
    pipeline = make()
    pipeline.save_pretrained(tmp_path)
    loaded = MTUPipeline.from_pretrained(tmp_path)
    assert type(loaded.unet) is MTUUNet2DConditionModel
    assert not list(tmp_path.rglob("*.bin"))
    for name in ("guidance", "default_steps", "default_size", "prediction_type", "patch_size"):
        assert loaded.config[name] == pipeline.config[name]
    for task in REQUESTS:
        assert run(loaded, task).tobytes() == run(pipeline, task).tobytes(), task


def test_parts_and_settings_can_be_replaced_while_loading(pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path)
    other = MTUPipeline.from_pretrained(tmp_path, default_steps=7, unet=pipeline.unet)
    assert other.config.default_steps == 7
    assert other.unet is pipeline.unet


def test_loading_is_strict(pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path)
    weights = tmp_path / "text_encoder" / "model.safetensors"
    tensors = load_file(weights)
    tensors.pop(next(name for name in tensors if "SelfAttention.q" in name))
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(ValueError, match="text_encoder"):
        MTUPipeline.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"unet": ["os", "system"]}, "not known here"),
        ({"_class_name": "StableDiffusionPipeline"}, "does not describe"),
        ({"surprise": 3}, "surprise"),
        ({"extra": ["transformers", "T5EncoderModel"]}, "extra"),
    ],
)
def test_a_strange_index_is_refused(pipeline, tmp_path, entry, message):
    pipeline.save_pretrained(tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text())
    (tmp_path / "model_index.json").write_text(json.dumps(index | entry))
    with pytest.raises(ValueError, match=message):
        MTUPipeline.from_pretrained(tmp_path)


def test_a_missing_model_is_one_sentence_without_a_network(tmp_path):
    for name in (tmp_path / "none", "./none", "a/b/c", f"{tmp_path}"):
        with pytest.raises(ValueError, match="There is no model at|not a model folder"):
            MTUPipeline.from_pretrained(name)


def test_the_loop_can_be_left_and_shows_the_picture_emerging(pipeline):
    steps = pipeline.steps("t2i", "a cat", num_inference_steps=5, generator=seeded(0))
    first = next(steps)
    assert isinstance(first, Step)
    assert (first.index, first.of) == (1, 5)
    assert (first.preview.mode, first.preview.size) == ("RGB", (32, 32))
    calls = []
    hook = pipeline.unet.register_forward_hook(lambda *args: calls.append(1))
    next(steps)
    steps.close()
    hook.remove()
    assert len(calls) == 1
    assert torch.is_grad_enabled()


def test_steps_count_over_all_tiles(pipeline):
    steps = list(pipeline.steps("sr", image=SOURCE, scale=4, num_inference_steps=2))
    assert [step.index for step in steps] == sorted({step.index for step in steps})
    assert steps[-1].index == steps[-1].of
    assert steps[-1].of % 2 == 0
    assert steps[-1].preview.size == (200, 160)


def test_guidance_takes_one_pass_with_only_the_rows_it_needs(pipeline):
    batches = []
    hook = pipeline.unet.register_forward_pre_hook(lambda _, args: batches.append(len(args[0])))
    run(pipeline, "edit", num_inference_steps=1)
    run(pipeline, "edit", num_inference_steps=1, image_guidance_scale=1.0)
    run(pipeline, "edit", num_inference_steps=1, guidance_scale=1.0, image_guidance_scale=1.0)
    run(pipeline, "t2i", num_inference_steps=1)
    run(pipeline, "sr", num_inference_steps=1, scale=2, image=picture(16, 16))
    hook.remove()
    assert batches == [3, 2, 1, 2, 1]


def test_guidance_is_the_formula_on_real_evaluations(pipeline):
    """One step of flow matching lands on the guided, then clipped, x0."""
    source, prompt = picture(32, 32), "make it night"
    step = next(pipeline.steps("edit", prompt, source, num_inference_steps=1, generator=seeded(3)))
    noise = torch.randn(1, 3 * PATCH**2, 8, 8, generator=seeded(3))
    pixels = torch.from_numpy(np.array(source)).permute(2, 0, 1)[None] / 127.5 - 1
    shown = torch.cat([F.pixel_unshuffle(pixels, PATCH), torch.ones(1, 1, 8, 8)], 1)

    def evaluate(words, condition):
        tokens = pipeline.tokenizer(
            words, padding="max_length", max_length=8, truncation=True, return_tensors="pt"
        )
        states = pipeline.text_encoder(**tokens).last_hidden_state
        mask = tokens.attention_mask
        with torch.no_grad():
            return pipeline.unet(
                noise, 1000.0, states, task="edit", condition=condition, encoder_attention_mask=mask
            ).sample

    uncond, image = evaluate("", torch.zeros_like(shown)), evaluate("", shown)
    guided = uncond + 1.5 * (image - uncond) + 3.0 * (evaluate(prompt, shown) - image)
    expected = ((F.pixel_shuffle(guided, PATCH).clamp(-1, 1) + 1) * 127.5).round()
    actual = torch.from_numpy(np.array(step.preview)).permute(2, 0, 1)[None].float()
    assert (actual - expected).abs().max() <= 1
    assert len(branches(3.0, 1.5, True, True)) == 3


def test_outside_the_mask_the_source_is_untouched(pipeline):
    mask = Image.new("L", SOURCE.size)
    ImageDraw.Draw(mask).rectangle([10, 10, 30, 25], fill=255)
    for task, prompt in (("inpaint", ""), ("inpaint", "a cat"), ("edit", "make it red")):
        result = run(pipeline, task, mask=mask, prompt=prompt)
        changed = (np.asarray(result) != np.asarray(SOURCE)).any(-1)
        assert not changed[np.asarray(mask) == 0].any()
        assert changed[np.asarray(mask) > 0].mean() > 0.5


def test_the_mask_reaches_the_model(pipeline):
    mask = Image.new("L", (32, 32))
    ImageDraw.Draw(mask).rectangle([0, 0, 15, 31], fill=255)
    seen = []
    hook = pipeline.unet.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs["condition"]), with_kwargs=True
    )
    source = picture(32, 32)
    run(pipeline, "inpaint", image=source, mask=mask, prompt="a cat", num_inference_steps=1)
    run(pipeline, "inpaint", image=source, prompt="remove cat", num_inference_steps=1)
    hook.remove()
    image, patches = 3 * PATCH**2, PATCH**2
    for condition, marked in zip(seen, (True, False), strict=True):
        dropped, given = condition[0], condition[-1]
        assert condition.shape[1] == image + 1 + patches + 1
        assert not dropped.any()
        assert (given[image] == 1).all()
        pixels = F.pixel_shuffle(given[None, image + 1 : -1], PATCH)[0, 0]
        assert (pixels[:, :16] == marked).all()
        assert not pixels[:, 16:].any()
        assert (given[-1] == marked).all()


@pytest.mark.parametrize(
    ("task", "changes", "message"),
    [
        ("paint", {}, "unknown task 'paint'"),
        ("t2i", {"image": SOURCE}, "takes no image"),
        ("t2i", {"prompt": 3}, "prompt must be a string"),
        ("t2i", {"width": 30}, "multiples of 8"),
        ("t2i", {"height": 8192}, "up to 4096"),
        ("t2i", {"num_inference_steps": 0}, "number of steps"),
        ("t2i", {"guidance_scale": -1.0}, "guidance_scale"),
        ("t2i", {"output_type": "gif"}, "output_type"),
        ("edit", {"image": None, "prompt": "a"}, "needs an image"),
        ("edit", {"image": SOURCE, "prompt": " "}, "needs words"),
        ("edit", {"image": SOURCE, "prompt": "a", "image_guidance_scale": "x"}, "image_guidance"),
        ("inpaint", {"image": SOURCE}, "or a mask painted"),
        ("inpaint", {"image": SOURCE, "mask": Image.new("L", (9, 9), 255)}, "same size"),
        ("inpaint", {"image": SOURCE, "mask": Image.new("L", SOURCE.size)}, "marks nothing"),
        ("sr", {"image": SOURCE, "scale": 3}, "scale must be 2 or 4"),
        ("sr", {"image": Image.new("RGB", (10, 1025)), "scale": 4}, "4096"),
        ("sr", {"image": SOURCE, "mask": Image.new("L", SOURCE.size, 255)}, "no mask"),
    ],
)
def test_bad_input_is_refused_before_anything_is_computed(pipeline, task, changes, message):
    with pytest.raises(ValueError, match=message) as refusal:
        pipeline(task, **changes)
    assert len(str(refusal.value).splitlines()) == 1


def test_bad_input_is_refused_when_steps_is_called_not_when_it_is_read(pipeline):
    with pytest.raises(ValueError, match="needs an image"):
        pipeline.steps("edit", "make it night")


def test_odd_pictures_are_edited_at_their_own_size(pipeline):
    turned = picture(41, 23)
    turned.getexif()[0x0112] = 6
    assert run(pipeline, "edit", image=turned).size == (23, 41)
    for image in (picture(1, 1), picture(7, 300), picture(40, 40).convert("CMYK")):
        assert run(pipeline, "edit", image=image).size == image.size


def test_other_sizes_and_kinds_of_output(pipeline):
    assert run(pipeline, "t2i", width=48, height=16).size == (48, 16)
    pil = run(pipeline, "t2i")
    array = pipeline("t2i", "a cat", generator=seeded(1), output_type="np").images
    tensor = pipeline("t2i", "a cat", generator=seeded(1), output_type="pt").images
    assert array.shape == (1, 32, 32, 3)
    assert (array[0] * 255).round().astype(np.uint8).tobytes() == pil.tobytes()
    assert torch.equal(tensor, torch.from_numpy(array).permute(0, 3, 1, 2))


def test_without_a_generator_pictures_differ(pipeline):
    first, second = (pipeline("t2i", "a cat").images[0] for _ in range(2))
    assert first.tobytes() != second.tobytes()


def test_a_plain_unet_draws_and_does_nothing_else(pipeline):
    parts = {k: v for k, v in pipeline.components.items() if k != "unet"}
    settings = {k: pipeline.config[k] for k in ("prediction_type", "patch_size", "guidance")}
    plain = MTUPipeline(
        unet=pipeline.unet.fold("t2i"),
        **parts,
        **settings,
        default_size=32,
        default_steps=3,
        use_attention_mask=True,
    )
    difference = np.abs(
        np.asarray(run(plain, "t2i")).astype(int) - np.asarray(run(pipeline, "t2i")).astype(int)
    )
    assert difference.max() <= 1
    with pytest.raises(ValueError, match="cannot do 'edit'"):
        run(plain, "edit")


def test_steps_may_differ_by_task():
    pipeline = tiny_pipeline(default_steps={"t2i": 4, "edit": 2, "sr": 1, "inpaint": 2})
    assert next(pipeline.steps("t2i", "a cat")).of == 4
    assert next(pipeline.steps("edit", "make it night", SOURCE)).of == 2


def test_layouts_of_conditions():
    image = torch.full((2, 4, 3, 3), 0.5)
    assert ConditionLayout.of(4, 4, 1).pack(image).shape == (2, 4, 3, 3)  # InstructPix2Pix's
    assert ConditionLayout.of(5, 4, 1).pack(image)[:, 4].eq(1).all()
    full = ConditionLayout.of(7, 4, 1)
    assert full.pack(image)[:, 5:].eq(0).all()
    assert full.pack(image, torch.ones(2, 1, 3, 3))[:, 5:].eq(1).all()
    with pytest.raises(ValueError, match="no known layout"):
        ConditionLayout.of(6, 4, 1)
