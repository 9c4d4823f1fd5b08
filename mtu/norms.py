"""Layer norms with one weight and bias per task."""

import torch
import torch.nn.functional as F
from torch import nn

from .rows import Rows


class TaskLayerNorm(nn.Module):
    """The norm in front of a block's experts, one set per task (METHOD §1.3).

    weight and bias are stacked, (tasks, C): every task's rows reach every parameter tensor, which
    plain DDP needs. Each starts as the norm it replaces.
    """

    def __init__(self, norm: nn.LayerNorm, num_tasks: int, rows: Rows):
        super().__init__()
        self.eps = norm.eps
        self.weight = nn.Parameter(norm.weight.detach().expand(num_tasks, -1).clone())
        self.bias = nn.Parameter(norm.bias.detach().expand(num_tasks, -1).clone())
        self.rows = rows

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """(B, T, C) -> (B, T, C)."""
        index, shape = self.rows.batch.index, hidden_states.shape[-1:]
        weight, bias = self.weight[index], self.bias[index]  # (B or 1, C)
        if len(index) == 1:
            return F.layer_norm(hidden_states, shape, weight[0], bias[0], self.eps)
        hidden_states = F.layer_norm(hidden_states, shape, eps=self.eps)
        dtype = hidden_states.dtype
        return torch.addcmul(
            bias.to(dtype).unsqueeze(1), hidden_states, weight.to(dtype).unsqueeze(1)
        )
