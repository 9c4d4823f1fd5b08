"""Multi-task upcycling of text-to-image diffusion backbones (MTU, arXiv 2503.11905)."""

from .config import MTUConfig, condition_layout
from .delta import save_delta
from .denoiser import MTUDenoiser
from .engine import Cancelled, Done, Engine, Failed, Job, Progress, Queued, Request
from .images import open_image, to_rgb
from .pipeline import MTUPipeline, Step
from .tasks import TASK_NAMES, TASKS, TaskSpec, get_task
from .trained import mark_trained
from .unet import MTUUNet2DConditionModel

__all__ = [
    "TASKS",
    "TASK_NAMES",
    "Cancelled",
    "Done",
    "Engine",
    "Failed",
    "Job",
    "MTUConfig",
    "MTUDenoiser",
    "MTUPipeline",
    "MTUUNet2DConditionModel",
    "Progress",
    "Queued",
    "Request",
    "Step",
    "TaskSpec",
    "condition_layout",
    "get_task",
    "mark_trained",
    "open_image",
    "save_delta",
    "to_rgb",
]
