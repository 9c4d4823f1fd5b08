"""Input layers, one per task."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import nn

from .rows import Rows


class TaskConv(nn.ModuleDict):
    """conv_in per task (METHOD §1.4): task name -> nn.Conv2d over the base's channels and the
    task's condition channels behind them. Those start at zero, so at step 0 the condition image
    changes nothing. Or, for a transformer whose tokens are patches already, an nn.Linear.
    """

    def __init__(self, conv: nn.Conv2d | nn.Linear, tasks: Mapping[str, int], rows: Rows):
        super().__init__({name: _widened(conv, channels) for name, channels in tasks.items()})
        self.rows = rows

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, C_out, H', W'), or (B, T, C) -> (B, T, C_out); each row's task reads
        the first channels it needs."""
        convs, tasks = list(self.values()), self.rows.batch.tasks
        if len(set(tasks)) == 1:
            return _first_channels(convs[tasks[0]], sample)
        self.rows.check(sample)
        order = sorted(range(len(tasks)), key=tasks.__getitem__)
        is_sorted = order == list(range(len(tasks)))
        if not is_sorted:
            sample = sample[torch.tensor(order, device=sample.device)]
        groups = sample.split([tasks.count(task) for task in range(len(convs))])
        sample = torch.cat(
            [_first_channels(conv, rows)
             for conv, rows in zip(convs, groups, strict=True) if len(rows)]
        )
        if is_sorted:
            return sample
        return sample[torch.tensor(order, device=sample.device).argsort()]


def _first_channels(conv: nn.Conv2d | nn.Linear, sample: torch.Tensor) -> torch.Tensor:
    if isinstance(conv, nn.Linear):
        return conv(sample[..., : conv.in_features])
    return conv(sample[:, : conv.in_channels])


def _widened(conv: nn.Conv2d | nn.Linear, channels: int) -> nn.Conv2d | nn.Linear:
    """A copy of `conv` that reads `channels` more channels, with zero weights."""
    has_bias = conv.bias is not None
    with torch.device("meta"):
        if isinstance(conv, nn.Linear):
            wide = nn.Linear(conv.in_features + channels, conv.out_features, bias=has_bias)
        else:
            wide = nn.Conv2d(
                conv.in_channels + channels, conv.out_channels, conv.kernel_size,
                stride=conv.stride, padding=conv.padding, bias=has_bias,
            )  # fmt: skip
    kernel = (0, 0) * (conv.weight.ndim - 2)
    wide.weight = nn.Parameter(F.pad(conv.weight.detach().clone(), (*kernel, 0, channels)))
    if has_bias:
        wide.bias = nn.Parameter(conv.bias.detach().clone())
    return wide
