"""Layer norms with one weight and bias per task."""

import torch
import torch.nn.functional as F
from diffusers.models.normalization import FP32LayerNorm
from torch import nn

from .rows import Rows


class TaskLayerNorm(nn.Module):
    """The norm in front of a block's experts, one set per task (METHOD §1.3).

    weight and bias are stacked, (tasks, C): every task's rows reach every parameter tensor, which
    plain DDP needs. Each starts as the norm it replaces; diffusers' FP32LayerNorm keeps computing
    in float32.
    """

    def __init__(self, norm: nn.LayerNorm, num_tasks: int, rows: Rows):
        super().__init__()
        self.eps = norm.eps
        self.weight = nn.Parameter(norm.weight.detach().expand(num_tasks, -1).clone())
        self.bias = nn.Parameter(norm.bias.detach().expand(num_tasks, -1).clone())
        self.in_float32 = isinstance(norm, FP32LayerNorm)
        self.rows = rows

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """(B, ..., C) -> (B, ..., C)."""
        if self.in_float32:
            return self._normalize(hidden_states.float()).to(hidden_states.dtype)
        return self._normalize(hidden_states)

    def _normalize(self, hidden_states: torch.Tensor) -> torch.Tensor:
        batch, shape = self.rows.batch, hidden_states.shape[-1:]
        if batch.one_task is not None:
            weight, bias = self.weight[batch.one_task], self.bias[batch.one_task]
            if self.in_float32:
                weight, bias = weight.float(), bias.float()
            return F.layer_norm(hidden_states, shape, weight, bias, self.eps)
        hidden_states = F.layer_norm(hidden_states, shape, eps=self.eps)
        weight = self.rows.spread(self.weight[batch.index], hidden_states)
        bias = self.rows.spread(self.bias[batch.index], hidden_states)
        return torch.addcmul(bias, hidden_states, weight)
