"""Input convolutions, one per task."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import nn

from .rows import Rows


class TaskConv(nn.ModuleDict):
    """conv_in per task (METHOD §1.4): task name -> nn.Conv2d over the base's channels and the
    task's condition channels behind them. Those start at zero, so at step 0 the condition image
    changes nothing.
    """

    def __init__(self, conv: nn.Conv2d, tasks: Mapping[str, int], rows: Rows):
        super().__init__({name: _widened(conv, channels) for name, channels in tasks.items()})
        self.rows = rows

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, C_out, H, W); each row's task reads the first channels it needs."""
        convs, tasks = list(self.values()), self.rows.batch.tasks
        if len(set(tasks)) == 1:
            return _first_channels(convs[tasks[0]], sample)
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


def _first_channels(conv: nn.Conv2d, sample: torch.Tensor) -> torch.Tensor:
    return conv(sample[:, : conv.in_channels])


def _widened(conv: nn.Conv2d, channels: int) -> nn.Conv2d:
    """A copy of `conv` that reads `channels` more channels, with zero weights."""
    with torch.device("meta"):
        wide = nn.Conv2d(
            conv.in_channels + channels, conv.out_channels, conv.kernel_size, padding=conv.padding
        )
    weight = conv.weight.detach().clone()
    wide.weight = nn.Parameter(F.pad(weight, (0, 0, 0, 0, 0, channels)))
    wide.bias = nn.Parameter(conv.bias.detach().clone())
    return wide
