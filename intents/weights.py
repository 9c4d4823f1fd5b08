"""Weights in a byte each: rows of int8 with a scale, so that a file holds twice what half
precision would.

Symmetric per-row rounding to the nearest of 255 steps (Jacob et al. 2018, "Quantization and
training of neural networks for efficient integer-arithmetic-only inference", eq. 1 with zero
point 0). Computing is done in float32: the rows are multiplied out when they are read.
"""

from __future__ import annotations

import torch

_SMALLEST = 1024  # below this many numbers a tensor is kept in half precision
_SHORTEST_ROW = 16
_SCALE = ".scale"
_LEAST = 1e-4  # a scale in half precision, to four digits


def pack(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state as it is stored: matrices (N, M) as int8 with "<name>.scale" (N, 1), or (1, M) where
    the rows are too short to have a scale each; the rest in half precision."""
    packed = {}
    for name, value in state.items():
        if value.dim() == 2 and value.numel() >= _SMALLEST:
            along = 1 if value.shape[1] >= _SHORTEST_ROW else 0
            scale = (value.abs().amax(along, keepdim=True) / 127).clamp(min=_LEAST).half()
            packed[name] = (value / scale.float()).round().clamp(-127, 127).to(torch.int8)
            packed[name + _SCALE] = scale
        else:
            packed[name] = value.half().contiguous()
    return packed


def unpack(packed: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The float32 state that was packed. Raises ValueError for int8 without its scale."""
    state = {}
    for name, value in packed.items():
        if name.endswith(_SCALE):
            continue
        if value.dtype == torch.int8:
            if name + _SCALE not in packed:
                raise ValueError(f"{name} has no scale")
            state[name] = value.float() * packed[name + _SCALE].float()
        else:
            state[name] = value.float()
    return state


def rounded(model: torch.nn.Module) -> torch.nn.Module:
    """The model with its weights as they will be read again; in place."""
    model.load_state_dict(unpack(pack(model.state_dict())))
    return model
