"""A training recipe: one small validated file per stage, saved resolved beside every run."""

import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import yaml

STAGES = ("text", "base", "multitask", "reader")


class RecipeError(ValueError):
    """A recipe that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True)
class Recipe:
    """Everything a run depends on. Paths may hold ~ and environment variables.

    Rates are per step; `decay` is the share of the steps over which the rate falls linearly to
    zero at the end; `ema_std` is the relative width of the power-function average of the weights
    (Karras et al. 2024, section 3.1; 0 switches it off).
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
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    warmup: int = 100
    decay: float = 0.25
    ema_std: float = 0.05
    clip: float = 1.0
    precision: str = "bf16"  # or "no"
    workers: int = 1
    checkpoint_seconds: float = 240.0
    sample_seconds: float = 600.0
    task_weights: dict[str, float] = field(default_factory=dict)
    options: dict = field(default_factory=dict)  # what one stage alone reads

    def __post_init__(self):
        if self.stage not in STAGES:
            raise RecipeError(f"The stage {self.stage!r} is not one of {', '.join(STAGES)}.")
        for name in ("steps", "batch_size"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise RecipeError(f"{name} must be a whole number from 1 on.")
        if self.precision not in ("bf16", "no"):
            raise RecipeError(f"precision must be bf16 or no, not {self.precision!r}.")
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


def load_recipe(path: str | Path, **overrides) -> Recipe:
    """Read and validate a recipe; `overrides` that are not None replace its fields.

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
    if "betas" in data:
        data["betas"] = tuple(data["betas"])
    try:
        return Recipe(**data)
    except TypeError:
        message = f"The recipe {path} must name stage, steps, batch_size, run_dir."
        raise RecipeError(message) from None
