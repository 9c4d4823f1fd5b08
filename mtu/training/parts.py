"""What a stage takes over from the models it goes on from."""

from pathlib import Path

import torch
from diffusers import ModelMixin
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from mtu.loading import load_component
from mtu.text_encoder import load_text_encoder

from .recipe import RecipeError


def as_new(saved: ModelMixin) -> ModelMixin:
    """A copy that does not remember the folder it was loaded from, and so does not write it into
    the models it becomes part of."""
    settings = {key: value for key, value in saved.config.items() if key != "_name_or_path"}
    copy = type(saved).from_config(settings)
    copy.load_state_dict(saved.state_dict())
    return copy


def take_text(recipe) -> tuple[PreTrainedTokenizerFast, T5EncoderModel]:
    """The tokenizer and the text encoder, frozen, of the folder that training starts from
    (`init_from`); RecipeError if it has none."""
    folder = recipe.path("init_from")
    if folder is None or not (folder / "text_encoder").is_dir():
        raise RecipeError(f"init_from must name a folder with a text encoder, not {folder}.")
    encoder = load_text_encoder(folder / "text_encoder")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
    return tokenizer, encoder.requires_grad_(False).eval()


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


def take_part(recipe, name: str, cls: str) -> ModelMixin | None:
    """The part `name`, of mtu's class `cls`, that the recipe's option of that name says the folder
    of, else the one of the models that training goes on from; None if there is none. RecipeError
    if there is none and the option names one."""
    named = recipe.options.get(name)
    place = Path(named).expanduser() if named else None
    if place is None or not place.is_dir():
        place = find_part(recipe, name)
    if place is not None:
        return load_part(place, f"mtu.{name}", cls)
    if named:
        raise RecipeError(f"There is no {name} at {named}; the recipe {name}.yaml trains one.")
    return None


def add_figures(file: Path, step: int, figures: dict[str, float]) -> None:
    """A line more in `file`: the step, and the figures measured at it by name."""
    report = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
    with file.open("a") as lines:
        lines.write(f"step {step}: {report}\n")
