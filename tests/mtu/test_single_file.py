"""One .safetensors file of the SD1.5, SD2 or SDXL family becomes the model it was written from."""

import json
from pathlib import Path

import diffusers
import pytest
import torch
import transformers
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
    infer_diffusers_model_type,
)
from safetensors.torch import load_file, save_file
from tiny_peers import NOISE, clip_tokenizer, sdxl_peer, tiny_encoder, tiny_vae
from tiny_single_file import configs_of, open_clip, single_file
from tiny_steps import compare
from transformers import CLIPTextConfig, CLIPTextModel

from mtu import MTUPipeline
from mtu.single_file import CONFIGS, FAMILIES, load_single_file
from mtu.upcycle import main, upcycle

PAD = {"sd15": {"tokenizer": "<|endoftext|>"}, "sd2": {"tokenizer": "!"}}
PAD["sdxl"] = PAD["sd15"] | {"tokenizer_2": "!"}
# what the published models have, as counted by those who published them
PARAMETERS = {
    "sd15": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "sd2": {"unet": 865_910_724, "vae": 83_653_863, "text_encoder": 340_387_840},
    "sdxl": {"unet": 2_567_463_684, "vae": 83_653_863, "text_encoder": 123_060_480,
             "text_encoder_2": 694_659_840},
}  # fmt: skip


def four_levels(family: str) -> StableDiffusionPipeline:
    """The whole structure of SD1.5 or SD2 at a small width: a family is told by its names."""
    torch.manual_seed(0)
    width = {"sd15": 24, "sd2": 1024}[family]
    unet = UNet2DConditionModel(
        sample_size=16, block_out_channels=(8, 8, 16, 16), norm_num_groups=4, attention_head_dim=2,
        cross_attention_dim=width, use_linear_projection=family == "sd2",
    )  # fmt: skip
    act = {"sd15": "quick_gelu", "sd2": "gelu"}[family]
    kind = "epsilon" if family == "sd15" else "v_prediction"
    scheduler = diffusers.DDIMScheduler(prediction_type=kind, clip_sample=False, **NOISE)
    return StableDiffusionPipeline(
        vae=tiny_vae(), text_encoder=tiny_encoder(CLIPTextModel, width, act, layers=1),
        tokenizer=clip_tokenizer(PAD[family]["tokenizer"]), unet=unet.eval(), scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def peer_of(family: str):
    return sdxl_peer(layers=10) if family == "sdxl" else four_levels(family)


def modules(pipeline) -> dict[str, torch.nn.Module]:
    return {k: m for k, m in pipeline.components.items() if isinstance(m, torch.nn.Module)}


def written(peer, folder: Path, family: str, dtype=torch.float32) -> tuple[Path, dict]:
    """`peer` as one file, and the options that load it."""
    clip_tokenizer("!").save_pretrained(folder / "tokenizer")
    state = single_file(modules(peer))
    path = folder / f"{family}.safetensors"
    save_file({k: t.to(dtype) if t.is_floating_point() else t for k, t in state.items()}, path)
    return path, {"tokenizer": folder / "tokenizer", "config": configs_of(peer, PAD[family])}


@pytest.mark.parametrize("family", PAD)
def test_a_file_becomes_the_model_it_was_written_from(family, tmp_path, monkeypatch):
    peer = peer_of(family)
    path, options = written(peer, tmp_path, family)
    loaded = load_single_file(path, **options)
    assert type(loaded) is type(peer)
    for name, module in modules(peer).items():
        expected, actual = module.state_dict(), getattr(loaded, name).state_dict()
        assert actual.keys() == expected.keys()
        assert all(torch.equal(actual[key], expected[key]) for key in expected)
    upcycle(path, tmp_path / "out", **options)
    pipeline = MTUPipeline.from_pretrained(tmp_path / "out")
    for name, pad in PAD[family].items():
        assert getattr(pipeline, name).pad_token == pad
    compare(peer, pipeline, monkeypatch, steps=2)


def test_the_files_precision_is_kept_and_another_prediction_can_be_named(tmp_path):
    path, options = written(four_levels("sd15"), tmp_path, "sd15", torch.float16)
    upcycle(path, tmp_path / "out", prediction_type="v_prediction", **options)
    weights = load_file(tmp_path / "out" / "unet" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    index = json.loads((tmp_path / "out" / "model_index.json").read_text())
    assert index["prediction_type"] == "v_prediction"


def test_a_delta_remembers_how_its_file_was_read(tmp_path):
    peer = four_levels("sd15")
    path, options = written(peer, tmp_path, "sd15")
    upcycle(path, tmp_path / "delta", delta=True, **options)
    delta = MTUPipeline.from_pretrained(tmp_path / "delta")
    assert delta.unet.dtype == torch.float32
    half = {name: tensor.half() for name, tensor in peer.unet.state_dict().items()}
    for name, tensor in delta.unet.fold("t2i").half().state_dict().items():
        assert torch.equal(tensor, half[name]), name
    peer.save_pretrained(tmp_path / "folder")  # the same weights in another form: the same base
    MTUPipeline.from_pretrained(tmp_path / "delta", base=tmp_path / "folder")


@pytest.mark.parametrize(
    "name",
    [
        "first_stage_model.decoder.conv_out.bias",
        "model.diffusion_model.out.2.bias",
        "cond_stage_model.transformer.text_model.final_layer_norm.bias",
    ],
)
def test_a_file_that_lacks_a_tensor_is_refused(name, tmp_path):
    path, options = written(four_levels("sd15"), tmp_path, "sd15")
    state = load_file(path)
    del state[name]
    save_file(state, path)
    with pytest.raises(ValueError, match="lacks"):
        load_single_file(path, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: {"some.weight": torch.zeros(2)}, "no checkpoint of Stable Diffusion"),
        (lambda state: state | {"model.diffusion_model.input_blocks.0.0.weight":
                                torch.zeros(8, 9, 3, 3)}, "another family .*inpaint"),
        (None, "cannot be read"),
    ],
)  # fmt: skip
def test_other_files_are_refused_in_one_line(change, message, tmp_path, capsys):
    path, options = written(four_levels("sd15"), tmp_path, "sd15")
    if change is None:
        path.write_bytes(path.read_bytes()[:500])
    else:
        save_file(change(load_file(path)), path)
    with pytest.raises(ValueError, match=message):
        load_single_file(path, **options)
    arguments = ["--base", str(path), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--tokenizer", str(tmp_path / "tokenizer")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_without_a_tokenizer_is_refused(tmp_path, capsys):
    path, _ = written(four_levels("sd15"), tmp_path, "sd15")
    (tmp_path / "empty").mkdir()
    arguments = ["--base", str(path), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--tokenizer", str(tmp_path / "empty")]) == 2
    assert "--tokenizer" in capsys.readouterr().err
    assert main(["--base", str(tmp_path / "none.safetensors"), *arguments[2:]]) == 2
    assert "there is no file" in capsys.readouterr().err
    assert main(["--base", str(tmp_path), *arguments[2:], "--tokenizer", "x"]) == 2
    assert "is for a single" in capsys.readouterr().err


@pytest.mark.parametrize("family", PARAMETERS)
def test_full_size_names_and_shapes_are_the_familys(family):
    """Without weights: our configurations build the published sizes, and diffusers' converters
    turn the authors' names into exactly the tensors of what they build."""
    config = json.loads((CONFIGS / f"{family}.json").read_text())
    with torch.device("meta"):
        parts = {
            "unet": UNet2DConditionModel.from_config(config["unet"]),
            "vae": AutoencoderKL.from_config(config["vae"]),
        }
        for name in ("text_encoder", "text_encoder_2"):
            if name in config:
                kind = getattr(transformers, config[name]["architectures"][0])
                parts[name] = kind(CLIPTextConfig(**config[name]))
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
    assert counts == PARAMETERS[family]
    checkpoint = single_file(parts)
    assert FAMILIES[infer_diffusers_model_type(checkpoint)] == family

    def check(name, converted):
        expected = {k: t.shape for k, t in parts[name].state_dict().items()}
        if not hasattr(parts[name], "text_model"):  # older names had one more level
            converted = {k.removeprefix("text_model."): t for k, t in converted.items()}
        converted.pop("embeddings.position_ids", None)
        assert {k: t.shape for k, t in converted.items()} == expected

    check("unet", convert_ldm_unet_checkpoint(checkpoint, config["unet"]))
    check("vae", convert_ldm_vae_checkpoint(checkpoint, config["vae"]))
    if family == "sd2":
        check("text_encoder", convert_open_clip_checkpoint(parts["text_encoder"], checkpoint))
        return
    first = {k: t for k, t in checkpoint.items() if "transformer.text_model" in k}
    prefix = next(iter(first)).split("text_model")[0]
    check("text_encoder", convert_ldm_clip_checkpoint(first, prefix))
    if family == "sdxl":
        prefix = "conditioner.embedders.1.model."
        second = open_clip(parts["text_encoder_2"], prefix)
        check("text_encoder_2",
              convert_open_clip_checkpoint(parts["text_encoder_2"], second, prefix))  # fmt: skip
