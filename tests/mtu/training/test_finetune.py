"""The stage "finetune": its loss, what each method trains, and what it exports."""

import pytest
import torch
from finetuning import TASKS, recipe, requires_glyphs, trained

from mtu.pipeline import MTUPipeline
from mtu.train import build_stage
from mtu.training.finetune import tiny
from mtu.training.finetune.methods import without_adapters
from mtu.training.recipe import RecipeError

pytestmark = requires_glyphs
METHODS = {
    "mtu": ({"method": "mtu"}, (".ff.", ".norm3.", "conv_in.", "task_embedding")),
    "sa": ({"method": "component", "component": "sa"}, (".attn1.", "conv_in.")),
    "ca": ({"method": "component", "component": "ca"}, (".attn2.", "conv_in.")),
    "ffn": ({"method": "component", "component": "ffn"}, (".ff.net.", "conv_in.")),
    "lora": ({"method": "lora"}, (".lora_", "conv_in.")),
    "ia3": ({"method": "ia3"}, (".ia3_", "conv_in.")),
}


def batch_of(stage, count: int = 8, first: int = 0) -> dict:
    return stage.collate([stage.rows[first + k] for k in range(count)])


def needs(method: str) -> None:
    if method in ("lora", "ia3"):
        pytest.importorskip("peft")


@pytest.mark.parametrize("method", METHODS)
def test_a_method_trains_its_own_tensors_and_no_others(tmp_path, method):
    needs(method)
    options, parts = METHODS[method]
    stage = build_stage(recipe(tmp_path, options))
    wanted = {n for n, _ in stage.module.named_parameters() if any(p in n for p in parts)}
    asked = {n for n, p in stage.module.named_parameters() if p.requires_grad}
    assert asked == wanted
    assert all(any(part in name for name in asked) for part in parts)


@pytest.mark.parametrize("method", METHODS)
@torch.no_grad()
def test_at_the_start_every_method_is_the_base(tmp_path, method):
    needs(method)
    base = tiny.tiny_parts("tiny")["unet"]
    stage = build_stage(recipe(tmp_path, METHODS[method][0]))
    sample, text = torch.randn(2, 4, 16, 16), torch.randn(2, 5, tiny.WIDTH)
    expected = base(sample, 500, text).sample
    condition = torch.randn(2, 7, 16, 16)
    for task in TASKS:
        actual = stage.module(sample, 500, text, task=task, condition=condition).sample
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", [*METHODS, "single_task"])
def test_training_changes_what_it_may_and_the_export_loads(tmp_path, method):
    needs(method)
    options = METHODS.get(method, ({"method": "single_task"},))[0]
    tasks = {"edit": 1} if method == "single_task" else TASKS
    said = recipe(tmp_path, options, task_weights=tasks, export_to=str(tmp_path / "model"),
                  ema_std=0, steps=2)
    before = {n: t.clone() for n, t in build_stage(said).module.state_dict().items()}
    stage = trained(said).stage
    asked = {n for n, p in stage.module.named_parameters() if p.requires_grad}
    after = stage.module.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in set(before) - asked)
    assert any(not torch.equal(after[name], before[name]) for name in asked)
    pipe = MTUPipeline.from_pretrained(tmp_path / "model")
    assert pipe.trained_tasks == set(tasks)
    inputs = (torch.randn(2, 4, 16, 16), 300, torch.randn(2, 5, tiny.WIDTH))
    extra = {"task": "edit", "condition": torch.randn(2, 7, 16, 16)}
    with torch.no_grad():
        torch.testing.assert_close(pipe.unet(*inputs, **extra).sample,
                                   stage.module.eval()(*inputs, **extra).sample,
                                   rtol=1e-4, atol=1e-5)
    assert not [name for name in pipe.unet.state_dict() if "lora" in name or "ia3" in name]


def test_merging_adapters_leaves_the_trained_model_as_it_is(tmp_path):
    pytest.importorskip("peft")
    stage = build_stage(recipe(tmp_path, {"method": "lora"}))
    before = {name: tensor.clone() for name, tensor in stage.module.state_dict().items()}
    without_adapters(stage.module)
    assert all(torch.equal(t, before[n]) for n, t in stage.module.state_dict().items())


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_the_loss_is_the_error_in_what_the_base_predicts(tmp_path, kind):
    stage = build_stage(recipe(tmp_path))
    stage.prediction = kind
    with torch.no_grad():
        for parameter in stage.module.conv_out.parameters():
            parameter.zero_()  # the UNet then answers 0 to everything
    batch = batch_of(stage)
    drawn = stage._drawn(batch)
    mean, std = stage.encoders.moments(batch["target"])
    clean = mean + std * drawn["posterior"]
    kept = stage.noising.alphas_cumprod[drawn["times"]].reshape(-1, 1, 1, 1)
    answer = {"epsilon": drawn["noise"], "sample": clean,
              "v_prediction": kept.sqrt() * drawn["noise"] - (1 - kept).sqrt() * clean}[kind]
    squares = answer.square().mean((1, 2, 3))
    losses = stage.losses(batch, torch.Generator())
    for task in TASKS:
        rows = [k for k, name in enumerate(batch["tasks"]) if name == task]
        torch.testing.assert_close(losses[task], squares[rows].mean())


def test_text_image_and_both_are_dropped_as_often_as_asked(tmp_path):
    stage = build_stage(recipe(tmp_path, {"drop": 0.1}))
    count = 1600
    tasks = [stage.rows.pattern[k % 4] for k in range(count)]
    drawn = stage._drawn({"numbers": list(range(count)), "tasks": tasks})
    text, image = drawn["no_text"], drawn["no_image"]
    plain = torch.tensor([task == "t2i" for task in tasks])
    assert not image[plain].any()
    assert text[plain].float().mean() == pytest.approx(0.2, abs=0.05)
    for chosen in (text & ~image, image & ~text, text & image):
        assert chosen[~plain].float().mean() == pytest.approx(0.1, abs=0.03)


def test_what_is_dropped_is_zeros_and_the_empty_prompt(tmp_path):
    stage = build_stage(recipe(tmp_path))
    batch = batch_of(stage, 4)
    everything = {"no_text": torch.ones(4, dtype=torch.bool), "no_image": torch.ones(4).bool()}
    kwargs = stage._conditions(batch, everything, torch.device("cpu"))
    assert not kwargs["condition"].any()
    empty = stage.pipe.encode_text("").states
    assert torch.equal(kwargs["encoder_hidden_states"], empty.expand(4, -1, -1))
    nothing = {name: ~flags for name, flags in everything.items()}
    kwargs = stage._conditions(batch, nothing, torch.device("cpu"))
    shown = kwargs["condition"].flatten(1).any(1).tolist()
    assert shown == [task != "t2i" for task in batch["tasks"]]
    edit = batch["tasks"].index("edit")
    pixels = batch["source"][edit : edit + 1].permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        expected = stage.pipe.space.encode(pixels)  # as the pipeline encodes it
    torch.testing.assert_close(kwargs["condition"][edit, :4], expected[0])


def test_sdxl_gets_its_pooled_embedding_and_time_ids(tmp_path):
    stage = build_stage(recipe(tmp_path, init_from="tiny-xl"))
    batch = batch_of(stage)
    kept = {name: torch.zeros(8, dtype=torch.bool) for name in ("no_text", "no_image")}
    added = stage._conditions(batch, kept, torch.device("cpu"))["added_cond_kwargs"]
    assert added["time_ids"].tolist() == [[32, 32, 0, 0, 32, 32]] * 8
    for k, text in enumerate(batch["texts"]):
        assert torch.equal(added["text_embeds"][k], stage.pipe.encode_text(text).pooled[0])
    assert all(value.isfinite() for value in stage.losses(batch, torch.Generator()).values())


def test_gradient_checkpointing_gives_the_same_gradients(tmp_path):
    found = []
    for option in (False, True):
        stage = build_stage(recipe(tmp_path, {"gradient_checkpointing": option}))
        stage.module.train()
        sum(stage.losses(batch_of(stage), torch.Generator()).values()).backward()
        found.append({n: p.grad for n, p in stage.module.named_parameters() if p.requires_grad})
    for name, gradient in found[0].items():
        torch.testing.assert_close(gradient, found[1][name], rtol=1e-4, atol=1e-7)


def test_a_delta_is_refused_before_training_where_it_could_not_be_written(tmp_path):
    with pytest.raises(RecipeError, match="not recorded"):
        build_stage(recipe(tmp_path, {"export": "delta"}))
    with pytest.raises(RecipeError, match="more than a delta holds"):
        build_stage(recipe(tmp_path, {"export": "delta", "method": "single_task"},
                           task_weights={"edit": 1}))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(RecipeError, match="something else than a model"):
        build_stage(recipe(tmp_path, export_to=str(tmp_path / "full")))


def test_a_base_on_disk_is_trained_and_exported_as_a_delta_for_it(tmp_path):
    from diffusers import StableDiffusionPipeline

    StableDiffusionPipeline(**tiny.tiny_parts("tiny"), safety_checker=None, feature_extractor=None,
                            requires_safety_checker=False).save_pretrained(tmp_path / "base")
    said = recipe(tmp_path, {"export": "delta"}, init_from=str(tmp_path / "base"), steps=1,
                  export_to=str(tmp_path / "delta"))
    trainer = trained(said)
    pipe = MTUPipeline.from_pretrained(tmp_path / "delta")
    assert pipe.trained_tasks == set(TASKS)
    for name, tensor in trainer.ema.tensors.items():
        torch.testing.assert_close(pipe.unet.state_dict()[name], tensor, msg=name)


def test_a_sample_grid_shows_every_task(tmp_path):
    from PIL import Image

    stage = build_stage(recipe(tmp_path, {"default_steps": 1, "samples": 1}))
    stage.module.eval()
    stage.sample(tmp_path, 7)
    with Image.open(tmp_path / "samples" / "000007.jpg") as sheet:
        assert sheet.size == (2 * 32, 4 * 32)
