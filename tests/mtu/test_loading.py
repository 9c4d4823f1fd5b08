"""What is fetched from the hub, and published folders with their old names and second copies."""

import pytest
import torch
from huggingface_hub.utils import filter_repo_objects
from safetensors.torch import load_file, save_file
from tiny_peers import sd15_peer, tiny_vae
from tiny_unets import tiny_unet

from mtu.bases import open_base
from mtu.loading import INERT, VARIANTS, load_component
from mtu.upcycle import upcycle

HUB = {  # a file as it is published -> whether it is wanted
    "model_index.json": True,
    "unet/config.json": True,
    "unet/diffusion_pytorch_model.safetensors": True,
    "unet/diffusion_pytorch_model-00001-of-00002.safetensors": True,
    "unet/diffusion_pytorch_model.safetensors.index.json": True,
    "tokenizer/merges.txt": True,
    "tokenizer_2/vocab.json": True,
    "tokenizer/spiece.model": True,
    "scheduler/scheduler_config.json": True,
    "feature_extractor/preprocessor_config.json": True,
    "delta.safetensors": True,
    "unet/diffusion_pytorch_model.bin": False,
    "unet/diffusion_pytorch_model.fp16.safetensors": False,
    "unet/diffusion_pytorch_model.non_ema.safetensors": False,
    "v1-5-pruned.safetensors": False,
    "sd_xl_base_1.0_0.9vae.safetensors": False,
    "v1-5-pruned.ckpt": False,
    "unet/model.onnx": False,
    "unet/openvino_model.xml": False,
    "README.md": False,
    "pipeline.py": False,
}


def test_only_what_is_needed_and_inert_is_fetched():
    kept = filter_repo_objects(HUB, allow_patterns=list(INERT), ignore_patterns=list(VARIANTS))
    assert set(kept) == {name for name, wanted in HUB.items() if wanted}


def test_the_plain_weights_are_taken_where_there_is_a_half_precision_copy(tmp_path):
    tiny_unet("sd15").float().save_pretrained(tmp_path)
    tiny_unet("sd15").half().save_pretrained(tmp_path, variant="fp16")
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert open_base(tmp_path).unet.dtype == torch.float32


def test_second_copies_stay_behind(tmp_path):
    peer = sd15_peer()
    peer.save_pretrained(tmp_path / "base")
    peer.vae.half().save_pretrained(tmp_path / "base" / "vae", variant="fp16")
    upcycle(tmp_path / "base", tmp_path / "out")
    assert len(list((tmp_path / "base" / "vae").glob("*.safetensors"))) == 2
    names = [path.name for path in (tmp_path / "out" / "vae").glob("*.safetensors")]
    assert names == ["diffusion_pytorch_model.safetensors"]


def rewritten(folder, name: str, change) -> None:
    """The weights in `folder` under the names `change` gives them."""
    state = {change(key): tensor for key, tensor in load_file(folder / name).items()}
    save_file(state, folder / name, metadata={"format": "pt"})


def test_an_autoencoder_under_its_first_names(tmp_path):
    expected = tiny_vae().state_dict()
    tiny_vae().save_pretrained(tmp_path / "vae")
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def change(key: str) -> str:
        for new, first in old.items():
            key = key.replace(new, first)
        return key

    rewritten(tmp_path / "vae", "diffusion_pytorch_model.safetensors", change)
    loaded = load_component(tmp_path, "vae", "diffusers", "AutoencoderKL", torch.float32)
    assert all(torch.equal(tensor, expected[key]) for key, tensor in loaded.state_dict().items())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_text_encoder_under_its_first_names_with_a_buffer_that_is_gone(tmp_path, dtype):
    encoder = sd15_peer().text_encoder
    encoder.save_pretrained(tmp_path / "text_encoder")
    weights = tmp_path / "text_encoder" / "model.safetensors"
    rewritten(weights.parent, weights.name, lambda key: f"text_model.{key}")
    ids = {"text_model.embeddings.position_ids": torch.arange(77)[None]}
    save_file(load_file(weights) | ids, weights, metadata={"format": "pt"})
    loaded = load_component(tmp_path, "text_encoder", "transformers", "CLIPTextModel", dtype)
    assert loaded.dtype == dtype
    for key, tensor in encoder.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], tensor.to(dtype)), key
