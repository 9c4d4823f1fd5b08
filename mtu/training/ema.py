"""Power-function average of the weights (Karras et al. 2024, EDM2, section 3.1)."""

import numpy as np
import torch
from torch import nn


def exponent(std: float) -> float:
    """γ of the average whose relative width is `std` (EDM2, equation 126: its cubic's root)."""
    tail = float(std) ** -2
    return float(np.roots([1, 7, 16 - tail, 12 - tail]).real.max())


class PowerEMA:
    """θ̂_t = β_t θ̂_{t-1} + (1 − β_t) θ_t with β_t = (1 − 1/t)^{γ+1}; trainable tensors only."""

    def __init__(self, module: nn.Module, std: float):
        self.gamma = exponent(std) if std else None
        self.tensors = {
            name: parameter.detach().clone().float()
            for name, parameter in module.named_parameters() if parameter.requires_grad
        }

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights after optimiser step number `step` (from 1)."""
        beta = 0.0 if self.gamma is None else (1 - 1 / step) ** (self.gamma + 1)
        names = list(self.tensors)
        own = dict(module.named_parameters())
        torch._foreach_lerp_([self.tensors[n] for n in names],
                             [own[n].detach().float() for n in names], 1 - beta)

    @torch.no_grad()
    def copy_to(self, module: nn.Module) -> dict[str, torch.Tensor]:
        """Put the average into the module; returns the tensors it replaced."""
        own = dict(module.named_parameters())
        before = {name: own[name].detach().clone() for name in self.tensors}
        for name, tensor in self.tensors.items():
            own[name].copy_(tensor)
        return before


@torch.no_grad()
def restore(module: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Undo `PowerEMA.copy_to` with what it returned."""
    own = dict(module.named_parameters())
    for name, tensor in tensors.items():
        own[name].copy_(tensor)
