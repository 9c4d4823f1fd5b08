"""The models that are evaluated: an MTUPipeline, or a single-task pipeline of diffusers."""

import inspect
from pathlib import Path
from types import SimpleNamespace

import diffusers
import torch

from mtu.cli import read_json
from mtu.loading import DELTA_WEIGHTS, INDEX, find_model
from mtu.pipeline import MTUPipeline

from .reference import SETTINGS

PEERS = {  # diffusers' class -> its task
    "StableDiffusionPipeline": "t2i",
    "StableDiffusionXLPipeline": "t2i",
    "StableDiffusionInstructPix2PixPipeline": "edit",
    "StableDiffusionXLInstructPix2PixPipeline": "edit",
}


class Peer:
    """A pipeline of diffusers that does one task, asked in the way an MTUPipeline is."""

    def __init__(self, pipe, task: str):
        pipe.set_progress_bar_config(disable=True)
        self.pipe, self.unet, self.task = pipe, pipe.unet, task
        self.layouts, self.trained_tasks = {task: None}, frozenset({task})
        self.space = SimpleNamespace(factor=pipe.vae_scale_factor)
        self.autocast_dtype: torch.dtype | None = None
        side = pipe.unet.config.sample_size * pipe.vae_scale_factor
        self.config = SimpleNamespace(default_size=side, guidance={},
                                      default_steps=SETTINGS["SD1.5"]["steps"])

    @property
    def device(self) -> torch.device:
        return self.pipe.device

    def to(self, device: torch.device) -> "Peer":
        self.pipe.to(device)
        return self

    def register_to_config(self, **settings) -> None:
        vars(self.config).update(settings)

    def __call__(self, task: str, prompt: str, image=None, **settings):
        """As MTUPipeline's. The side is the config's, the image's own where there is one."""
        taken = inspect.signature(self.pipe.__call__).parameters
        side = self.config.default_size
        given = {"prompt": prompt, "image": image, "height": side, "width": side, **settings}
        given = {name: value for name, value in given.items()
                 if name in taken and value is not None}
        fast = self.autocast_dtype
        with torch.autocast(self.device.type, fast, enabled=fast is not None):
            return self.pipe(**given)


def load_model(name: str | Path) -> MTUPipeline | Peer:
    """The model in a folder or of a hub id, in float32; ValueError in one sentence if there is none
    or it is of another kind.

    A peer is loaded without its safety checker: a picture blacked out would count as one drawn.
    """
    folder = find_model(name)
    kind = read_json(folder / INDEX).get("_class_name")
    if kind not in PEERS or (folder / DELTA_WEIGHTS).is_file():
        return MTUPipeline.from_pretrained(name)
    cls = getattr(diffusers, kind)
    unchecked = {"safety_checker": None, "requires_safety_checker": False}
    options = {option: value for option, value in unchecked.items()
               if option in inspect.signature(cls.__init__).parameters}
    try:
        pipe = cls.from_pretrained(folder, use_safetensors=True, local_files_only=True, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"The {kind} in {folder} cannot be loaded: {reason}") from None
    return Peer(pipe, PEERS[kind])
