"""Which tasks a model has learned: upcycling alone gives it text-to-image and nothing else."""

from collections.abc import Iterable
from dataclasses import replace


def trained_tasks(unet) -> frozenset[str]:
    """The tasks that `unet` has learned.

    A plain UNet draws. An upcycled one says so in its config (`MTUConfig.trained`); one whose
    config says nothing has learned all of its tasks.
    """
    config = getattr(unet, "mtu_config", None)
    if config is None:
        return frozenset({"t2i"})
    return frozenset(config.task_names if config.trained is None else config.trained)


def mark_trained(model, tasks: Iterable[str]) -> None:
    """Record, beside what is recorded already, that `model` was trained for `tasks`.

    model: an MTUUNet2DConditionModel, or a pipeline that has one; the record is part of the UNet's
    config and is saved with it. ValueError for a task that the model does not have.
    """
    unet = getattr(model, "unet", model)
    known = {*(unet.mtu_config.trained or ()), *tasks}
    ordered = tuple(task for task in unet.mtu_config.task_names if task in known)
    if len(ordered) < len(known):
        strange = min(known.difference(ordered))
        raise ValueError(f"This model has no task {strange!r} to be trained for.")
    unet.mtu_config = replace(unet.mtu_config, trained=ordered)
    unet.register_to_config(mtu=unet.mtu_config.to_dict())


def require_trained(unet, task: str) -> None:
    """ValueError in one sentence if `unet` has the task but has not learned it."""
    learned = trained_tasks(unet)
    if task not in learned and task in getattr(unet, "task_names", ()):
        have = f"it has learned {', '.join(sorted(learned))}" if learned else "it has learned none"
        raise ValueError(
            f"This model has not been trained for {task!r} ({have}): train it with "
            "python -m mtu.train, or use a model that has been."
        )
