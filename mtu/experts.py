"""N experts as one dense feed-forward layer with gated hidden units."""

import torch
from diffusers.models.activations import (
    GEGLU,
    GELU,
    ApproximateGELU,
    LinearActivation,
    SwiGLU,
)
from diffusers.models.attention import FeedForward
from torch import nn

from .router import Router
from .rows import Rows

# Their hidden units depend on no other: unit j reads row j of W1, of the gated ones also row d + j
SPLITTABLE = (GEGLU, GELU, SwiGLU, LinearActivation, ApproximateGELU)


class ExpertFeedForward(nn.Module):
    """Σ_i g_i·E_i(x), E_i being shard i of the layer it replaces (METHOD §1.1, §4.2).

    Shard i of W1 makes hidden units [i·d/N, (i+1)·d/N) and shard i of W2 reads them, so the sum is
    the dense layer with its hidden units scaled by g_i, repeated over the shard:

        y = W2·(g ⊙ act(W1·x + b1)) + b2

    Two matrix products and no dispatch. b2 is kept whole: it belongs to no expert. `net` keeps the
    replaced layer's parameter names and shapes.
    """

    def __init__(self, ff: FeedForward, router: Router, num_experts: int, rows: Rows):
        super().__init__()
        if type(ff.net[0]) not in SPLITTABLE:
            kind, known = type(ff.net[0]).__name__, ", ".join(k.__name__ for k in SPLITTABLE)
            raise ValueError(f"cannot split a {kind} feed-forward; known are {known}")
        self.width = ff.net[2].in_features
        if self.width % num_experts:
            raise ValueError(f"{num_experts} experts do not divide the width {self.width}")
        self.net = ff.net
        self.router = router
        self.num_experts = num_experts
        self.rows = rows

    def gates(self, embedding: torch.Tensor) -> torch.Tensor:
        """Gate of every hidden unit: (tasks, dim) -> (tasks, d_ffn)."""
        return self.router(embedding).repeat_interleave(self.width // self.num_experts, dim=-1)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """(B, ..., C) -> (B, ..., C_out)."""
        hidden_states = self.net[0](hidden_states)  # (B, ..., d_ffn)
        if self.num_experts > 1:  # one expert's gate is the constant 1
            hidden_states = self._gated(hidden_states)
        for layer in list(self.net)[1:]:
            hidden_states = layer(hidden_states)
        return hidden_states

    def _gated(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """(B, ..., d_ffn), every row's shards scaled by its task's gates."""
        gates = self.rows.spread(self.router(self.rows.batch.embedding), hidden_states)
        shards = hidden_states.unflatten(-1, (self.num_experts, -1))  # (B, ..., N, d_ffn/N)
        gates = gates.unsqueeze(-1)
        # the activation's output is nobody else's: without gradients it need not be copied
        shards = shards * gates if torch.is_grad_enabled() else shards.mul_(gates)
        return shards.flatten(-2)
