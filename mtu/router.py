"""The router: from a task's embedding to the weights of a block's experts."""

from contextlib import nullcontext

import torch
from torch import nn


class Router(nn.Module):
    """Two-layer MLP with ReLU over the task embedding (MTU, arXiv 2503.11905, §3; METHOD §1.2).

    It sees neither x nor t, so its weights are a constant of the task. The gates that multiply the
    experts are the weights (init="paper") or N times the weights (init="preserving", METHOD §4.1),
    whose last layer starts at zero: every gate is then 1 and the block is the base's.
    """

    def __init__(self, embed_dim: int, hidden_dim: int, num_experts: int, init: str):
        super().__init__()
        self.fc1 = nn.Linear(embed_dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, num_experts)
        self.preserving = init == "preserving"
        self.scale = num_experts if self.preserving else 1
        self._even_out()

    def _even_out(self) -> None:
        if self.preserving:
            nn.init.zeros_(self.fc2.weight)
            nn.init.zeros_(self.fc2.bias)

    def reset_parameters(self) -> None:
        """Begin again, as a new one."""
        self.fc1.reset_parameters()
        self.fc2.reset_parameters()
        self._even_out()

    def weights(self, embedding: torch.Tensor) -> torch.Tensor:
        """(tasks, dim) -> (tasks, N), each row summing to 1. Never in autocast's precision: a
        gate multiplies the whole branch, and costs nothing to compute."""
        with _without_autocast(embedding.device.type):
            return self.fc2(self.fc1(embedding).relu()).softmax(dim=-1)

    @torch.no_grad()
    def worn(self, embedding: torch.Tensor) -> bool:
        """True if it can hardly learn to route these tasks, (tasks, dim), any more: a gate below a
        quarter of an even one, or more than three quarters of its ReLUs at zero for every task."""
        live = (self.fc1(embedding) > 0).any(dim=0).float().mean()
        return bool(live < 0.25 or self.weights(embedding).min() * self.fc2.out_features < 0.25)

    def forward(self, embedding: torch.Tensor) -> torch.Tensor:
        """Gates: (tasks, dim) -> (tasks, N)."""
        return self.scale * self.weights(embedding)


def _without_autocast(device_type: str):
    if torch.amp.is_autocast_available(device_type):  # not on the meta device
        return torch.autocast(device_type, enabled=False)
    return nullcontext()
