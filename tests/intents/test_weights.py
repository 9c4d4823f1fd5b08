"""A byte per weight keeps what the model says."""

import pytest
import torch

from intents.model import RouterConfig, build_model
from intents.weights import pack, rounded, unpack


def test_packing_loses_less_than_half_a_step():
    torch.manual_seed(0)
    state = {"table": torch.randn(64, 32) * torch.logspace(-3, 2, 64)[:, None]}
    state |= {"bias": torch.randn(7), "zeros": torch.zeros(64, 32)}
    packed = pack(state)
    assert packed["table"].dtype == torch.int8 and packed["bias"].dtype == torch.float16
    back = unpack(packed)
    assert set(back) == set(state)
    step = (state["table"].abs().amax(1, keepdim=True) / 127).clamp(min=1e-4)  # the least scale
    assert ((back["table"] - state["table"]).abs() <= step * 0.501).all()
    assert (back["zeros"] == 0).all()
    torch.testing.assert_close(back["bias"], state["bias"], atol=1e-2, rtol=1e-3)


def test_rounding_twice_changes_nothing_more():
    torch.manual_seed(0)
    model = rounded(build_model(RouterConfig(vocab_size=300, width=16, buckets=64)))
    once = {k: v.clone() for k, v in model.state_dict().items()}
    for name, value in rounded(model).state_dict().items():
        torch.testing.assert_close(value, once[name])


def test_bytes_without_their_scale_are_refused():
    with pytest.raises(ValueError, match="table has no scale"):
        unpack({"table": torch.zeros(64, 32, dtype=torch.int8)})


def test_half_precision_is_read_too():
    assert unpack({"w": torch.ones(2, 2).half()})["w"].dtype == torch.float32
