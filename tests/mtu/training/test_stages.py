"""The stages in small: they learn, they resume exactly, they hand their weights on."""

import dataclasses

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from finetuning import requires_glyphs
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from mtu.pipeline import MTUPipeline
from mtu.space import place_code
from mtu.stem import Stem
from mtu.train import build_stage, main
from mtu.training.loop import Trainer
from mtu.training.recipe import Recipe, RecipeError
from mtu.training.text_stage import Lines, TextStage


def tiny_unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return UNet2DConditionModel(
        sample_size=16, in_channels=768, out_channels=768, block_out_channels=(32, 32),
        layers_per_block=1, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), mid_block_type=None,
        cross_attention_dim=192, attention_head_dim=1, norm_num_groups=8, conv_in_kernel=1,
        conv_out_kernel=1)


@pytest.fixture(scope="module")
def text_model(tmp_path_factory):
    """A text encoder after a few steps, as the later stages find it, with a tiny base UNet."""
    folder = tmp_path_factory.mktemp("text")
    recipe = Recipe(stage="text", steps=3, batch_size=4, run_dir=str(folder / "run"),
                    export_to=str(folder / "model"), workers=0, precision="no",
                    options={"tokenizer_lines": 500, "layers": 1})
    Trainer(TextStage(recipe), recipe, resume=False, quiet=True).run()
    tiny_unet().save_pretrained(folder / "model" / "unet")
    return folder / "model"


def multitask(text_model, folder, **changes) -> Recipe:
    fields = {"stage": "multitask", "steps": 4, "batch_size": 4, "run_dir": str(folder / "run"),
              "init_from": str(text_model), "export_to": str(folder / "model"), "workers": 0,
              "precision": "no", "warmup": 1, "options": {"num_experts": 4}}
    return Recipe(**(fields | changes))


def moved_stem(folder) -> Stem:
    """A saved stem that is no longer bicubic."""
    torch.manual_seed(0)
    stem = Stem(8, 1)
    with torch.no_grad():
        for last in stem.conv_out.values():
            last.weight.normal_(0, 0.1)
    stem.save_pretrained(folder)
    return stem


def trained(recipe: Recipe, resume: bool = False, until: int | None = None):
    trainer = Trainer(build_stage(recipe), recipe, resume=resume, quiet=True)
    trainer.run(until)
    return trainer


def test_targets_name_what_the_text_says():
    data = Lines(5)
    line = data[0]
    assert line.things[:, 0].max() == 1 and line.values[0] == 0  # a caption
    assert data[1].values[0] > 0  # an instruction has a kind
    assert np.array_equal(data[0].things, line.things)  # the same row again


def test_the_text_stage_learns(tmp_path):
    recipe = Recipe(stage="text", steps=25, batch_size=32, run_dir=str(tmp_path), workers=0,
                    precision="no", rate=1e-3, warmup=2,
                    options={"tokenizer_lines": 500, "layers": 1})
    stage = TextStage(recipe)
    trainer = Trainer(stage, recipe, resume=False, quiet=True)
    batch = stage.collate([stage.data[i] for i in range(32)])
    losses = [sum(trainer.train_step(batch).values()) for _ in range(20)]
    assert losses[-1] < 0.6 * losses[0]


@requires_glyphs
def test_interrupted_and_resumed_equals_uninterrupted(text_model, tmp_path):
    whole = trained(multitask(text_model, tmp_path / "whole"))
    trained(multitask(text_model, tmp_path / "halves"), until=2)
    resumed = trained(multitask(text_model, tmp_path / "halves"), resume=True)
    assert resumed.step == whole.step == 4
    after = dict(resumed.stage.module.named_parameters())
    for name, tensor in whole.stage.module.named_parameters():
        assert torch.equal(tensor, after[name]), name
    for name, tensor in whole.ema.tensors.items():
        assert torch.equal(tensor, resumed.ema.tensors[name]), name


@requires_glyphs
def test_the_base_learns_a_batch(text_model, tmp_path):
    recipe = multitask(text_model, tmp_path, stage="base", steps=30, rate=2e-3)
    from mtu.train import build_stage

    stage = build_stage(recipe)
    trainer = Trainer(stage, recipe, resume=False, quiet=True)
    batch = stage.collate([stage.dataset()[i] for i in range(4)])

    def loss() -> float:
        with torch.no_grad():
            return float(stage.losses(batch, torch.Generator().manual_seed(1))["t2i"])

    before = loss()
    for _ in range(15):
        trainer.train_step(batch)
    assert loss() < 0.8 * before


@requires_glyphs
def test_multitask_trains_the_methods_set_alone_and_exports_a_pipeline(text_model, tmp_path):
    base = UNet2DConditionModel.from_pretrained(text_model / "unet").state_dict()
    recipe = multitask(text_model, tmp_path)
    trainer = trained(recipe)
    pipe = MTUPipeline.from_pretrained(tmp_path / "model")
    for name, tensor in pipe.unet.state_dict().items():
        if name in base and not any(word in name for word in (".ff.", ".norm3.", "conv_in")):
            assert torch.equal(tensor, base[name]), name
    moved = pipe.unet.state_dict()["task_embedding"]
    assert moved.shape[0] == 4
    for name, tensor in trainer.ema.tensors.items():
        torch.testing.assert_close(pipe.unet.state_dict()[name], tensor)


@requires_glyphs
def test_a_base_trained_on_from_a_pipeline_is_taken_back_by_it(text_model, tmp_path):
    trained(multitask(text_model, tmp_path / "first", rate=1e-2))
    first = tmp_path / "first" / "model"
    recipe = multitask(first, tmp_path / "base", stage="base", steps=2, rate=1e-2)
    stage = build_stage(recipe)
    drawn = MTUPipeline.from_pretrained(first).unet.fold("t2i").state_dict()
    for name, tensor in stage.module.state_dict().items():
        torch.testing.assert_close(tensor, drawn[name])
    trained(recipe)
    further = UNet2DConditionModel.from_pretrained(tmp_path / "base" / "model" / "unet")
    options = {"num_experts": 4, "unfold": str(first)}
    taken = build_stage(multitask(tmp_path / "base" / "model", tmp_path / "second",
                                  options=options)).module
    taken.save_pretrained(tmp_path / "written")
    assert str(tmp_path) not in (tmp_path / "written" / "config.json").read_text()
    own = taken.fold("t2i").state_dict()
    for name, tensor in further.state_dict().items():
        torch.testing.assert_close(own[name], tensor, rtol=1e-4, atol=1e-5)
    assert (further.state_dict()["conv_out.weight"] - drawn["conv_out.weight"]).abs().max() > 1e-3
    assert torch.equal(taken.task_embedding,
                       MTUPipeline.from_pretrained(first).unet.task_embedding)
    with pytest.raises(RecipeError, match="unfold must name a pipeline with an upcycled UNet"):
        build_stage(multitask(tmp_path / "base" / "model", tmp_path / "third",
                              options=options | {"unfold": str(text_model)}))


def test_what_is_trained_with_a_place_code_reads_it_and_says_so(text_model, tmp_path):
    noised, stages = [], []
    for code in (0.0, 0.1):
        recipe = multitask(text_model, tmp_path, options={"num_experts": 4, "place_code": code})
        stages.append(build_stage(recipe))
        drawn, _ = stages[-1]._noised(torch.zeros(2, 768, 16, 16), torch.Generator().manual_seed(0))
        noised.append(drawn)
    torch.testing.assert_close(noised[1] - noised[0],
                               0.1 * place_code(768, 16, 16).expand(2, -1, -1, -1))
    assert stages[1].pipeline(stages[1].module).config.place_code == 0.1


@requires_glyphs
def test_every_batch_holds_every_task_by_weight(text_model, tmp_path):
    from mtu.train import build_stage

    weights = {"t2i": 0.1, "edit": 0.6, "sr": 0.1, "inpaint": 0.2}
    stage = build_stage(multitask(text_model, tmp_path, batch_size=20, task_weights=weights))
    assert [stage.pattern.count(t) for t in weights] == [2, 12, 2, 4]
    rows = [stage.dataset()[i] for i in range(20)]
    assert [row.task for row in rows] == stage.pattern


@requires_glyphs
def test_rows_are_a_function_of_seed_and_number(text_model, tmp_path):
    from mtu.data.playground import Playground

    tasks = ["t2i", "edit", "sr", "inpaint"]
    first, again, other = Playground(tasks, 1), Playground(tasks, 1), Playground(tasks, 2)
    for k in range(4):
        assert np.array_equal(first[k].target, again[k].target)
        assert not np.array_equal(first[k].target, other[k].target)
        assert first[k].task == tasks[k]


@pytest.mark.parametrize(
    ("recipe", "said"),
    [("absent.yaml", "cannot be read"), (None, "text encoder")],
)
def test_the_command_refuses_in_one_line(tmp_path, capsys, recipe, said):
    if recipe is None:
        recipe = tmp_path / "r.yaml"
        recipe.write_text("stage: base\nsteps: 3\nbatch_size: 2\nrun_dir: x\ninit_from: nowhere\n")
    assert main([str(recipe)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_dry_run_prints_the_resolved_recipe_and_trains_nothing(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text(f"stage: text\nsteps: 3\nbatch_size: 2\nrun_dir: {tmp_path / 'run'}\n"
                      "options: {tokenizer_lines: 500}\n")
    lines = []
    assert main([str(recipe), "--dry-run", "--steps", "7"], out=lines.append) == 0
    assert "steps: 7" in lines[0] and "trainable" in lines[0]
    assert not (tmp_path / "run" / "checkpoint").exists()


def lines_of(file) -> int:
    return len(file.read_text().splitlines())


def test_stages_run_in_turn_and_are_not_run_twice(tmp_path):
    recipes = []
    for name in ("one", "two"):
        recipe = Recipe(stage="text", steps=2, batch_size=2, run_dir=str(tmp_path / name),
                        export_to=str(tmp_path / name / "model"), workers=0, precision="no",
                        options={"tokenizer_lines": 300})
        (tmp_path / f"{name}.yaml").write_text(recipe.to_yaml())
        recipes.append(str(tmp_path / f"{name}.yaml"))
    assert main([*recipes, "--resume"]) == 0
    assert all((tmp_path / name / "model" / "text_encoder").is_dir() for name in ("one", "two"))
    losses = [tmp_path / name / "losses.jsonl" for name in ("one", "two")]
    assert [lines_of(file) for file in losses] == [2, 2]
    assert main([*recipes, "--resume"]) == 0
    assert [lines_of(file) for file in losses] == [2, 2]


def test_a_run_whose_minutes_are_up_is_saved_and_taken_up_again(tmp_path, capsys):
    recipe = Recipe(stage="text", steps=3, batch_size=2, run_dir=str(tmp_path / "run"),
                    export_to=str(tmp_path / "model"), workers=0, precision="no",
                    options={"tokenizer_lines": 300})
    (tmp_path / "text.yaml").write_text(recipe.to_yaml())
    command = [str(tmp_path / "text.yaml"), "--resume"]
    assert main([*command, "--minutes", "0.000001"]) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert not (tmp_path / "model").exists() and (tmp_path / "run" / "checkpoint").is_dir()
    assert main(command) == 0
    assert (tmp_path / "model" / "tokenizer").is_dir()
    assert lines_of(tmp_path / "run" / "losses.jsonl") == 3


@pytest.mark.parametrize(("flags", "words"), [
    (["a.yaml", "b.yaml", "--steps", "3"], "--steps is for one recipe"),
    (["a.yaml", "--minutes", "0"], "--minutes must be above 0"),
])
def test_what_cannot_be_asked_of_a_run_is_one_line(flags, words, capsys):
    assert main(flags) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


def test_a_text_encoder_takes_new_words_on(text_model, tmp_path):
    recipe = Recipe(stage="text", steps=3, batch_size=4, run_dir=str(tmp_path / "run"), seed=8,
                    init_from=str(text_model), export_to=str(tmp_path / "model"), workers=0,
                    precision="no", options={"tokenizer_lines": 300, "words_only": True,
                                               "layers": 1})
    stage = TextStage(recipe)
    own, known = stage.tokenizer.get_vocab(), old_vocabulary(text_model)
    assert own != known
    both = sorted(piece for piece in own if piece in known and piece.startswith("▁"))[0]
    old = T5EncoderModel.from_pretrained(text_model / "text_encoder")
    taken = stage.module.encoder
    torch.testing.assert_close(taken.shared.weight[own[both]], old.shared.weight[known[both]])
    torch.testing.assert_close(taken.encoder.embed_tokens.weight, taken.shared.weight)
    layer = "encoder.block.0.layer.0.SelfAttention.q.weight"
    before = taken.get_parameter(layer).detach().clone()
    vectors = taken.shared.weight.detach().clone()
    Trainer(stage, recipe, resume=False, quiet=True).run()
    torch.testing.assert_close(taken.get_parameter(layer), before)
    torch.testing.assert_close(before, old.get_parameter(layer))
    assert not torch.equal(taken.shared.weight, vectors)
    with pytest.raises(RecipeError, match="must name a folder with a text encoder"):
        TextStage(dataclasses.replace(recipe, init_from=str(tmp_path)))


def old_vocabulary(folder) -> dict[str, int]:
    return PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer").get_vocab()
