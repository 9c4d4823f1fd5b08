"""A training recipe: one small validated file per stage, saved resolved beside every run."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import yaml

from .balance import BALANCES

STAGES = ("text", "base", "stem", "finder", "multitask", "deblocker", "sharpener",
          "reader", "finetune")
PRECISIONS = ("bf16", "fp16", "no")
OPTIMIZERS = ("adamw", "adamw8bit")


_NUMBERS = ("rate", "muon_rate", "router_rate", "weight_decay", "decay", "ema_std", "clip",
            "checkpoint_seconds", "sample_seconds")


class RecipeError(ValueError):
    """A recipe that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True)
class Recipe:
    """Everything a run depends on. Paths may hold ~ and environment variables.

    Rates are per step; `decay` is the share of the steps over which the rate falls linearly to
    zero at the end; `ema_std` is the relative width of the power-function average of the weights
    (Karras et al. 2024, section 3.1; 0 switches it off). `batch_size` counts the rows of one
    optimiser step over all processes and passes.
    """

    stage: str
    steps: int
    batch_size: int
    run_dir: str
    init_from: str | None = None  # a model folder the stage starts from
    export_to: str | None = None  # where the averaged weights are written, in diffusers' layout
    seed: int = 0
    rate: float = 4e-4  # AdamW
    muon_rate: float = 0.01  # Muon, for hidden matrices; 0 gives every tensor to AdamW
    router_rate: float = 0.0  # AdamW, for routers and the task embedding; 0 takes `rate`
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    warmup: int = 100
    decay: float = 0.25
    ema_std: float = 0.05
    clip: float = 1.0
    precision: str = "bf16"  # or "fp16", "no"
    workers: int = 1
    checkpoint_seconds: float = 240.0
    sample_seconds: float = 600.0
    task_weights: dict[str, float] = field(default_factory=dict)
    options: dict = field(default_factory=dict)  # what one stage alone reads
    accumulate: int = 1  # passes a process makes for one optimiser step
    optimizer: str = "adamw"  # or "adamw8bit", by bitsandbytes, for what Muon does not take
    balance: str = "none"  # or "running_mean": see balance.py
    tensorboard: str = "auto"  # "required" refuses to run without it; "off"

    def __post_init__(self):
        for name, known in (("stage", STAGES), ("precision", PRECISIONS),
                            ("optimizer", OPTIMIZERS), ("balance", BALANCES),
                            ("tensorboard", ("auto", "required", "off"))):
            if getattr(self, name) not in known:
                raise RecipeError(f"The {name} {getattr(self, name)!r} is not one of "
                                  f"{', '.join(known)}.")
        for name in ("steps", "batch_size", "accumulate"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise RecipeError(f"{name} must be a whole number from 1 on.")
        for name in ("seed", "workers", "warmup", *_NUMBERS):
            if isinstance(getattr(self, name), bool) or not isinstance(
                    getattr(self, name), (int, float) if name in _NUMBERS else int):
                raise RecipeError(f"{name} must be a number, not {getattr(self, name)!r}.")
        for name in ("task_weights", "options"):
            if not isinstance(getattr(self, name), dict):
                raise RecipeError(f"{name} must be a mapping.")
        if not 0 <= self.decay <= 1:
            raise RecipeError("decay must lie between 0 and 1.")

    def path(self, name: str) -> Path | None:
        """A path field with ~ and variables filled in, or None."""
        value = getattr(self, name)
        return Path(os.path.expandvars(value)).expanduser() if value else None

    def to_yaml(self) -> str:
        """The resolved recipe as YAML."""
        data = asdict(self)
        data["betas"] = list(self.betas)
        return yaml.safe_dump(data, sort_keys=False)


def _set(data: dict, setting: str, known: set[str]) -> None:
    """Take in one "name=value": a field, or else an option; dots go into mappings."""
    name, equals, text = setting.partition("=")
    if not equals or not name:
        raise RecipeError(f"A setting is name=value, not {setting!r}.")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise RecipeError(f"The value of {name} is not valid YAML: {text!r}.") from None
    if isinstance(value, str):
        try:
            value = float(value)  # YAML reads 1e-4, without a point, as text
        except ValueError:
            pass
    *path, last = name.split(".") if name.split(".")[0] in known else ("options", *name.split("."))
    for key in path:
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            raise RecipeError(f"{key} in the setting {setting!r} is not a mapping.")
    data[last] = value


def load_recipe(path: str | Path, settings: Sequence[str] = (), **overrides) -> Recipe:
    """Read and validate a recipe; `overrides` that are not None replace its fields, then the
    `settings` "name=value", where a name that is no field is an option's ("data.sr.path=…").

    Raises RecipeError with one sentence for a missing or malformed file and unknown fields.
    """
    try:
        data = yaml.safe_load(Path(path).read_text())
    except OSError:
        raise RecipeError(f"The recipe {path} cannot be read.") from None
    except yaml.YAMLError:
        raise RecipeError(f"The recipe {path} is not valid YAML.") from None
    if not isinstance(data, dict):
        raise RecipeError(f"The recipe {path} is not a mapping of fields.")
    known = {item.name for item in fields(Recipe)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise RecipeError(f"The recipe {path} has the unknown field {unknown[0]!r}.")
    data.update({key: value for key, value in overrides.items() if value is not None})
    for setting in settings:
        _set(data, setting, known)
    if "betas" in data:
        data["betas"] = tuple(data["betas"])
    try:
        return Recipe(**data)
    except TypeError:
        message = f"The recipe {path} must name stage, steps, batch_size, run_dir."
        raise RecipeError(message) from None
