"""Which task each row of the running batch belongs to."""

from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch.utils.checkpoint import checkpoint


class Batch(NamedTuple):
    """tasks: a task index per row. index: the same on the device, (B,), or (1,) if all are one
    task, so that what it gathers broadcasts over the rows. embedding: that of each, (B or 1, dim).
    """

    tasks: tuple[int, ...]
    index: torch.Tensor
    embedding: torch.Tensor

    @property
    def one_task(self) -> int | None:
        """The task of all rows, or None if they have several."""
        return self.tasks[0] if len(self.index) == 1 else None


class Rows:
    """The batch a model is running. A model owns one and shares it with those of its modules that
    depend on the task, because diffusers' blocks pass nothing but hidden states to them.

    It outlives `forward`, and `checkpoint` brings it back: gradient checkpointing runs blocks
    again during backward, by when the model may have run other batches.
    """

    def __init__(self):
        self.batch: Batch | None = None

    def set(self, tasks: tuple[int, ...], embedding: torch.Tensor) -> None:
        """Run rows of these tasks next. embedding: the table, (tasks, dim)."""
        distinct = tasks if len(set(tasks)) > 1 else tasks[:1]
        index = torch.tensor(distinct, device=embedding.device)
        self.batch = Batch(tasks, index, embedding[index])

    def check(self, hidden_states: torch.Tensor) -> None:
        """ValueError if rows of different tasks reach a layer as another number of rows, as in a
        video model, which folds frames or positions into the batch."""
        index, rows = self.batch.index, len(hidden_states)
        if len(index) not in (1, rows):
            raise ValueError(
                f"a batch of {len(index)} rows of different tasks reached a layer as {rows} rows; "
                "run one task at a time"
            )

    def spread(self, values: torch.Tensor, hidden_states: torch.Tensor) -> torch.Tensor:
        """Values of the rows, (B or 1, ...), in a shape that broadcasts over `hidden_states`
        (B, ..., C) with what follows their first dimension, and in its dtype. Raises as `check`."""
        self.check(hidden_states)
        between = (1,) * (hidden_states.ndim - 2)
        return values.to(hidden_states.dtype).view(len(values), *between, *values.shape[1:])

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
