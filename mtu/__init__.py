"""Multi-task upcycling of text-to-image diffusion backbones (MTU, arXiv 2503.11905)."""

from .config import MTUConfig, condition_layout
from .tasks import TASK_NAMES, TASKS, TaskSpec, get_task
from .unet import MTUUNet2DConditionModel

__all__ = [
    "TASKS",
    "TASK_NAMES",
    "MTUConfig",
    "MTUUNet2DConditionModel",
    "TaskSpec",
    "condition_layout",
    "get_task",
]
