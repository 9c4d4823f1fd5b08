"""Weights in a byte each: what is lost, what is written, and what does not fit."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from mtu.finder import Finder
from mtu.loading import load_component
from mtu.packing import packed, unpacked
from mtu.stem import Stem

FILE = "diffusion_pytorch_model.safetensors"


def test_half_a_step_of_each_row_is_lost_at_most():
    torch.manual_seed(0)
    scales = torch.tensor([1e-3, 1.0, 50.0, 0.0]).view(4, 1, 1, 1)
    state = {"wide": torch.randn(4, 3, 3, 3) * scales, "bias": torch.randn(4)}
    small = packed(state)
    assert small["wide"].dtype == torch.int8 and small["bias"].dtype == torch.float16
    back = unpacked(small)
    assert set(back) == set(state)
    step = state["wide"].flatten(1).abs().amax(1) / 127
    assert (((back["wide"] - state["wide"]).flatten(1).abs().amax(1)) <= step / 2 + 1e-7).all()
    torch.testing.assert_close(back["bias"], state["bias"], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(unpacked(state), state)


@pytest.mark.parametrize(("cls", "settings"), [
    (Stem, {"channels": 8, "blocks": 1}),
    (Finder, {"text_width": 32, "widths": (8, 16, 32), "depths": (1, 1, 1), "layers": 1})])
def test_models_are_saved_packed_if_they_say_so(tmp_path, cls, settings):
    torch.manual_seed(0)
    whole, small = cls(**settings), cls(**settings, packed=True)
    small.load_state_dict(whole.state_dict())
    for name, model in (("whole", whole), ("small", small)):
        model.save_pretrained(tmp_path / name)
    sizes = [(tmp_path / name / FILE).stat().st_size for name in ("small", "whole")]
    assert sizes[0] < 0.6 * sizes[1]
    library = cls.__module__
    for name, exact in (("whole", True), ("small", False)):
        again = load_component(tmp_path, name, library, cls.__name__, torch.float32)
        assert again.config.packed is not exact and not again.training
        state = whole.state_dict() if exact else unpacked(packed(whole.state_dict()))
        assert all(torch.equal(value, state[key]) for key, value in again.state_dict().items())
    assert not cls.from_pretrained(tmp_path / "small").training
    half = load_component(tmp_path, "small", library, cls.__name__, torch.float16)
    assert half.dtype == torch.float16


def test_packed_weights_that_do_not_fit_are_refused_in_one_sentence(tmp_path):
    Stem(8, 1, packed=True).save_pretrained(tmp_path / "stem")
    state = load_file(tmp_path / "stem" / FILE)
    state.pop("conv_in.weight")
    save_file(state, tmp_path / "stem" / FILE)
    with pytest.raises(ValueError, match="The model's stem in .* cannot be loaded") as error:
        load_component(tmp_path, "stem", "mtu.stem", "Stem", torch.float32)
    assert "\n" not in str(error.value)
