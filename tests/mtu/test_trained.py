"""What a model has not learned is refused in words; what its base calls unfit is not shown."""

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from tiny_peers import sd15_peer, tiny_encoder
from tiny_pipelines import picture, tiny_pipeline
from transformers import CLIPConfig, CLIPImageProcessorPil

from mtu import Done, Engine, MTUPipeline, MTUUNet2DConditionModel, Request, mark_trained
from mtu.generate import main as generate
from mtu.upcycle import upcycle

SOURCE = picture(32, 32)


@pytest.fixture
def upcycled(tmp_path):
    sd15_peer().save_pretrained(tmp_path / "base")
    upcycle(tmp_path / "base", tmp_path / "model")
    return tmp_path / "model"


def test_an_upcycled_model_draws_and_says_what_it_has_not_learned(upcycled, tmp_path, capsys):
    pipeline = MTUPipeline.from_pretrained(upcycled)
    assert pipeline.trained_tasks == {"t2i"}
    engine = Engine(pipeline)
    for request in (Request("edit", "make it night", SOURCE), Request("sr", image=SOURCE),
                    Request("inpaint", "remove it", SOURCE)):  # fmt: skip
        with pytest.raises(ValueError, match=f"not been trained for '{request.task}'") as refusal:
            engine.submit(request)
        assert "python -m mtu.train" in str(refusal.value)
        assert len(str(refusal.value).splitlines()) == 1
    assert isinstance(list(engine.submit(Request("t2i", "a cat", steps=1)).events())[-1], Done)
    engine.close()
    SOURCE.save(tmp_path / "source.png")
    arguments = ["--task", "sr", "--image", str(tmp_path / "source.png"), "--model", str(upcycled)]
    assert generate([*arguments, "--out", str(tmp_path / "out.png")]) == 2
    assert "has not been trained for 'sr'" in capsys.readouterr().err


def test_training_is_recorded_and_saved(upcycled, tmp_path):
    pipeline = MTUPipeline.from_pretrained(upcycled)
    mark_trained(pipeline, ["sr"])
    mark_trained(pipeline.unet, ["edit"])
    pipeline.save_pretrained(tmp_path / "trained")
    loaded = MTUPipeline.from_pretrained(tmp_path / "trained")
    assert loaded.trained_tasks == {"t2i", "edit", "sr"}
    assert loaded.unet.mtu_config.trained == ("t2i", "edit", "sr")  # in the order of the tasks
    engine = Engine(loaded)
    assert isinstance(list(engine.submit(Request("sr", image=SOURCE, steps=1)).events())[-1], Done)
    with pytest.raises(ValueError, match="it has learned edit, sr, t2i"):
        engine.submit(Request("inpaint", "remove it", SOURCE))
    engine.close()
    with pytest.raises(ValueError, match="no task 'paint'"):
        mark_trained(loaded, ["paint"])


def test_what_nobody_recorded_counts_as_all(upcycled):
    pipeline = tiny_pipeline()
    assert pipeline.trained_tasks == {"t2i", "edit", "sr", "inpaint"}
    mark_trained(pipeline, ["t2i"])
    assert pipeline.trained_tasks == {"t2i"}


def test_the_papers_start_has_learned_nothing(tmp_path):
    sd15_peer().save_pretrained(tmp_path / "base")
    upcycle(tmp_path / "base", tmp_path / "model", init="paper")
    engine = Engine(MTUPipeline.from_pretrained(tmp_path / "model"))
    with pytest.raises(ValueError, match="'t2i' \\(it has learned none\\)"):
        engine.submit(Request("t2i", "a cat"))
    engine.close()
    upcycle(tmp_path / "base", tmp_path / "one", init="paper", num_experts=1)
    assert MTUPipeline.from_pretrained(tmp_path / "one").trained_tasks == {"t2i"}


def test_a_plain_unet_has_learned_to_draw(upcycled):
    pipeline = MTUPipeline.from_pretrained(upcycled)
    parts = {k: v for k, v in pipeline.components.items() if k != "unet"}
    plain = MTUPipeline(pipeline.unet.fold("t2i"), **parts, default_size=32)
    assert plain.trained_tasks == {"t2i"}


def checked_base(folder, threshold: float):
    """A base with diffusers' own checker, which flags everything above a similarity."""
    torch.manual_seed(0)
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
              "num_attention_heads": 2, "image_size": 32, "patch_size": 16}  # fmt: skip
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=16))
    checker.concept_embeds.data.normal_()
    checker.concept_embeds_weights.data.fill_(threshold)
    peer = sd15_peer()
    extractor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32)
    peer.register_modules(safety_checker=checker.eval(), feature_extractor=extractor)
    peer.save_pretrained(folder)
    return peer


@pytest.mark.parametrize(("threshold", "flagged"), [(-2.0, True), (2.0, False)])
def test_the_bases_checker_is_kept_and_paints_nothing_black(
    threshold, flagged, tmp_path, monkeypatch, capsys
):
    checked_base(tmp_path / "base", threshold)
    upcycle(tmp_path / "base", tmp_path / "model")
    pipeline = MTUPipeline.from_pretrained(tmp_path / "model")
    assert type(pipeline.safety_checker) is StableDiffusionSafetyChecker
    engine = Engine(pipeline)
    done = list(engine.submit(Request("t2i", "a cat", steps=2)).events())[-1]
    engine.close()
    assert done.flagged is flagged
    assert np.asarray(done.image).any()
    pipeline.save_pretrained(tmp_path / "again")
    again = MTUPipeline.from_pretrained(tmp_path / "again")
    assert again.is_flagged(done.image) is flagged
    arguments = ["--task", "t2i", "--prompt", "a cat", "--steps", "1", "--model",
                 str(tmp_path / "model"), "--out", str(tmp_path / "out.png")]  # fmt: skip
    assert generate(arguments) == (2 if flagged else 0)
    assert (tmp_path / "out.png").exists() is not flagged
    assert ("safety checker" in capsys.readouterr().err) is flagged


def test_the_checker_agrees_with_diffusers(tmp_path):
    """At a threshold in the middle, picture by picture."""
    peer = checked_base(tmp_path / "base", 0.35)
    upcycle(tmp_path / "base", tmp_path / "model")
    pipeline = MTUPipeline.from_pretrained(tmp_path / "model")
    mine, theirs = [], []
    for seed in range(12):
        image = picture(32, 32, seed)
        mine.append(pipeline.is_flagged(image))
        values = np.asarray(image, dtype=np.float32)[None] / 255
        _, found = peer.run_safety_checker(values, "cpu", torch.float32)
        theirs.append(found[0])
    assert mine == theirs
    assert set(mine) == {True, False}


def test_a_checker_needs_its_processor():
    pipeline = tiny_pipeline()
    with pytest.raises(ValueError, match="come together"):
        MTUPipeline(**pipeline.components | {"safety_checker": tiny_encoder})
    assert type(pipeline.unet) is MTUUNet2DConditionModel
    assert pipeline.is_flagged(SOURCE) is False
