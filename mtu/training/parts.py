"""What a stage takes over from the models it goes on from."""

from pathlib import Path

import torch
from diffusers import ModelMixin

from mtu.loading import load_component


def as_new(saved: ModelMixin) -> ModelMixin:
    """A copy that does not remember the folder it was loaded from, and so does not write it into
    the models it becomes part of."""
    settings = {key: value for key, value in saved.config.items() if key != "_name_or_path"}
    copy = type(saved).from_config(settings)
    copy.load_state_dict(saved.state_dict())
    return copy


def find_part(recipe, name: str) -> Path | None:
    """The folder of the part `name` in the model that training starts from, else in the one whose
    tasks it takes over (`unfold`); None if neither has it."""
    unfold = recipe.options.get("unfold")
    for folder in (recipe.path("init_from"), Path(unfold).expanduser() if unfold else None):
        if folder is not None and (folder / name).is_dir():
            return folder / name
    return None


def load_part(place: Path, library: str, cls: str) -> ModelMixin:
    """The part in the folder `place`, in float32; ValueError if its weights do not fit."""
    return as_new(load_component(place.parent, place.name, library, cls, torch.float32))
