"""How the rows of a step are shared among processes and passes, and their losses put together."""

from collections.abc import Iterator

import torch
import torch.distributed as dist
from torch.utils.data import Sampler


class Shares(Sampler):
    """Lists of row numbers: what one process reads, pass after pass, step after step.

    Step s is made of rows s·B … (s+1)·B − 1 however many processes there are, in groups of
    `group` rows that stay together. Of all shares (the processes times each one's passes) the
    k-th takes every group whose number leaves k. ValueError if there are more shares than groups.
    """

    def __init__(self, first_step: int, last_step: int, batch_size: int, group: int = 1,
                 rank: int = 0, processes: int = 1, passes: int = 1):
        self.steps = range(first_step, last_step)
        self.batch_size, self.group, self.rank = batch_size, group, rank
        self.processes, self.passes = processes, passes
        if processes * passes > batch_size // group:
            raise ValueError(
                f"A batch of {batch_size} rows in groups of {group} cannot be shared by "
                f"{processes} processes with {passes} passes each.")

    def __iter__(self) -> Iterator[list[int]]:
        of = self.processes * self.passes
        for step in self.steps:
            start, stop = step * self.batch_size, (step + 1) * self.batch_size
            for number in range(self.passes):
                share = number * self.processes + self.rank
                groups = range(start + share * self.group, stop, of * self.group)
                yield [row for first in groups for row in range(first, first + self.group)]

    def __len__(self) -> int:
        return len(self.steps) * self.passes


def reduced(losses: dict[str, torch.Tensor], asked: bool) -> tuple[dict[str, float], bool]:
    """The losses summed over all processes, and whether any of them was asked to stop.

    Every process must call it with the same names in the same order.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return {name: float(value) for name, value in losses.items()}, asked
    values = [value.detach().float() for value in losses.values()]
    values.append(torch.tensor(float(asked), device=values[0].device))
    packed = torch.stack(values)
    dist.all_reduce(packed)
    *sums, asks = packed.tolist()
    return dict(zip(losses, sums, strict=True)), asks > 0
