"""A text encoder in bytes: it reads as the whole one does, in the pipeline and in training."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_pipelines import picture, seeded, tiny_pipeline
from transformers import T5EncoderModel

from mtu import MTUPipeline
from mtu.loading import load_component
from mtu.text_encoder import PackedT5Encoder, load_text_encoder

IDS = torch.tensor([[2, 3, 4, 5]])


def packed_one() -> tuple[T5EncoderModel, PackedT5Encoder]:
    """The tiny pipeline's encoder, and the same to be saved in bytes."""
    whole = tiny_pipeline().text_encoder
    small = PackedT5Encoder(whole.config).eval()
    small.load_state_dict(whole.state_dict())
    return whole, small


def test_bytes_say_nearly_the_same(tmp_path):
    whole, small = packed_one()
    small.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    assert weights["shared.weight"].dtype == torch.int8
    assert "encoder.embed_tokens.weight" not in weights  # it is the same tensor
    again = load_text_encoder(tmp_path)
    assert type(again) is PackedT5Encoder and again.dtype == torch.float32 and not again.training
    with torch.no_grad():
        first, second = (model(IDS).last_hidden_state for model in (whole, again))
    assert 0 < (first - second).norm() < 0.03 * first.norm()
    assert again.shared.weight is again.encoder.embed_tokens.weight


def test_one_that_is_not_packed_is_loaded_as_it_is(tmp_path):
    whole, _ = packed_one()
    whole.to(torch.bfloat16).save_pretrained(tmp_path)
    again = load_text_encoder(tmp_path)
    assert type(again) is T5EncoderModel and again.dtype == torch.float32
    assert torch.equal(again.shared.weight, whole.shared.weight.float())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_saved_with_the_pipeline(tmp_path, dtype):
    pipeline = tiny_pipeline()
    pipeline.register_modules(text_encoder=packed_one()[1])
    pipeline.save_pretrained(tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text())
    assert index["text_encoder"] == ["mtu.text_encoder", "PackedT5Encoder"]
    again = MTUPipeline.from_pretrained(tmp_path, dtype)
    assert again.text_encoder.dtype == dtype
    made = again("edit", "make it night", picture(32, 32), generator=seeded(1)).images[0]
    assert made.size == (32, 32)


def test_weights_that_do_not_fit_are_refused_in_one_sentence(tmp_path):
    packed_one()[1].save_pretrained(tmp_path / "text_encoder")
    file = tmp_path / "text_encoder" / "model.safetensors"
    state = load_file(file)
    state.pop("shared.weight")
    save_file(state, file)
    with pytest.raises(ValueError, match="text_encoder in .* cannot be loaded") as error:
        load_component(tmp_path, "text_encoder", "mtu.text_encoder", "PackedT5Encoder",
                       torch.float32)
    assert "\n" not in str(error.value)
