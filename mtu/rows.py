"""Which task each row of the running batch belongs to."""

from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch.utils.checkpoint import checkpoint


class Batch(NamedTuple):
    """tasks: a task index per row. index: the same on the device, (B,), or (1,) if all are one
    task, so that what it gathers broadcasts over the rows. embedding: the table, (tasks, dim)."""

    tasks: tuple[int, ...]
    index: torch.Tensor
    embedding: torch.Tensor


class Rows:
    """The batch a model is running. A model owns one and shares it with those of its modules that
    depend on the task, because diffusers' blocks pass nothing but hidden states to them.

    It outlives `forward`, and `checkpoint` brings it back: gradient checkpointing runs blocks
    again during backward, by when the model may have run other batches.
    """

    def __init__(self):
        self.batch: Batch | None = None

    def set(self, tasks: tuple[int, ...], embedding: torch.Tensor) -> None:
        distinct = tasks if len(set(tasks)) > 1 else tasks[:1]
        index = torch.tensor(distinct, device=embedding.device)
        self.batch = Batch(tasks, index, embedding)

    def checkpoint(self, module, *args):
        """Run `module`, keeping no activations; recomputed with the rows it ran with."""
        batch = self.batch
        return checkpoint(
            module.__call__,
            *args,
            use_reentrant=False,
            context_fn=lambda: (nullcontext(), self._as_of(batch)),
        )

    @contextmanager
    def _as_of(self, batch: Batch):
        now, self.batch = self.batch, batch
        try:
            yield
        finally:
            self.batch = now
