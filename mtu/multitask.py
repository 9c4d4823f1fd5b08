"""What every model with several tasks has: rows, a task embedding, and what of it trains."""

from collections.abc import Iterator

import torch
from torch import nn

from .config import MTUConfig
from .experts import ExpertFeedForward
from .inputs import TaskConv
from .norms import TaskLayerNorm
from .router import Router
from .rows import Rows


class MultiTask:
    """For an nn.Module whose blocks hold experts; it sets the three attributes."""

    mtu_config: MTUConfig
    rows: Rows
    task_embedding: nn.Parameter  # (tasks, dim)

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks in index order."""
        return self.mtu_config.task_names

    def freeze_base(self) -> None:
        """Let only the method's own set require gradients (METHOD §1.5).

        A router over one expert is constant: with num_experts=1 routers and task embedding have
        nothing to learn and stay frozen too.
        """
        self.requires_grad_(False)
        for module in modules_of(self, (ExpertFeedForward, TaskLayerNorm, TaskConv)):
            module.requires_grad_(True)
        self.task_embedding.requires_grad_(True)
        if self.mtu_config.num_experts == 1:
            self.task_embedding.requires_grad_(False)
            for module in modules_of(self, Router):
                module.requires_grad_(False)

    def trainable_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters that require gradients."""
        return (parameter for parameter in self.parameters() if parameter.requires_grad)

    @torch.no_grad()
    def router_weights(self) -> torch.Tensor:
        """(tasks, blocks, N): the weight of each expert in each block, summing to 1 over N."""
        routers = modules_of(self, Router)
        return torch.stack([router.weights(self.task_embedding) for router in routers], dim=1)

    def _task_indices(self, task, batch: int) -> tuple[int, ...]:
        if isinstance(task, str):
            task = [task] * batch
        elif isinstance(task, torch.Tensor):
            task = task.expand(batch).tolist() if task.ndim == 0 else task.tolist()
        known = dict(zip(self.task_names, range(len(self.task_names)), strict=True)) | {
            index: index for index in range(len(self.task_names))
        }
        unknown = [name for name in task if name not in known]
        if unknown:
            names = ", ".join(self.task_names)
            raise ValueError(f"unknown task {unknown[0]!r}; this model has {names}")
        if len(task) != batch:
            raise ValueError(f"{len(task)} tasks for a batch of {batch}")
        return tuple(known[name] for name in task)

    def _with_condition(self, sample, condition, tasks: tuple[int, ...], dim: int = 1):
        """`sample` and, behind its channels along `dim`, those of the condition that the widest
        of the tasks reads. ValueError for a condition that is missing or does not fit."""
        channels = max(list(self.mtu_config.tasks.values())[index] for index in set(tasks))
        if not channels:
            return sample
        if condition is None:
            raise ValueError(f"the tasks of this batch need a condition of {channels} channels")
        expected = list(sample.shape)
        expected[dim] = max(channels, condition.shape[dim] if condition.ndim == sample.ndim else 0)
        if list(condition.shape) != expected:
            expected[dim] = f">={channels}"
            raise ValueError(f"condition is {tuple(condition.shape)}, expected {tuple(expected)}")
        return torch.cat([sample, condition.narrow(dim, 0, channels).to(sample.dtype)], dim=dim)


def modules_of(model: nn.Module, kinds) -> list:
    """The modules of those kinds within `model`, in its order."""
    return [module for module in model.modules() if isinstance(module, kinds)]
