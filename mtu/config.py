"""What upcycling adds to a UNet's config."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

INITS = ("preserving", "paper")
PAPER_WIDTH = 768


def condition_layout(image_channels: int, mask_channels: int = 1) -> dict[str, int]:
    """Condition channels of the four tasks: [image, presence] and, to inpaint, [mask, presence].

    image_channels: the base's input channels (4 latent; 3·p² for pixels in p×p patches).
    mask_channels: 1 at the latent's size; p² for pixels in p×p patches.
    """
    image, mask = image_channels + 1, mask_channels + 1
    return {"t2i": 0, "edit": image, "sr": image, "inpaint": image + mask}


@dataclass(frozen=True)
class MTUConfig:
    """How a UNet is upcycled (METHOD §1, §4.1).

    num_experts: N >= 1, a divisor of every feed-forward width.
    tasks: name -> condition channels added to conv_in (0 = text only); its order is the task
        index. Default: `condition_layout(4)`.
    init: "preserving", gates N·softmax from a zero last layer, so that the upcycled model equals
        the base at step 0; or "paper", gates softmax, drawn at random.
    task_embed_dim, router_hidden_dim: widths of the task embedding and of the routers. The paper
        does not name its own; 768 for both gives its 869M and 158M for SD1.5 (`PAPER_WIDTH`).
    trained: the tasks the model has learned; None if nobody recorded it, which counts as all.

    Raises ValueError for a value out of range.
    """

    num_experts: int = 4
    tasks: Mapping[str, int] = field(default_factory=lambda: condition_layout(4))
    init: str = "preserving"
    task_embed_dim: int = 64
    router_hidden_dim: int = 64
    trained: tuple[str, ...] | None = None

    def __post_init__(self):
        object.__setattr__(self, "tasks", {name: channels for name, channels in self.tasks.items()})
        for name in ("num_experts", "task_embed_dim", "router_hidden_dim"):
            if not _is_int(getattr(self, name), least=1):
                raise ValueError(f"{name} must be an integer >= 1, not {getattr(self, name)!r}")
        if self.init not in INITS:
            raise ValueError(f"init must be one of {', '.join(INITS)}, not {self.init!r}")
        if not self.tasks:
            raise ValueError("tasks must name at least one task")
        for name, channels in self.tasks.items():
            if not (isinstance(name, str) and name.isidentifier()):
                raise ValueError(f"a task's name must be an identifier, not {name!r}")
            if not _is_int(channels, least=0):
                raise ValueError(f"task {name!r} needs condition channels >= 0, not {channels!r}")
        if self.trained is not None:
            object.__setattr__(self, "trained", tuple(self.trained))
            if unknown := set(self.trained) - set(self.tasks):
                raise ValueError(f"trained names a task the model has not: {min(unknown)!r}")

    @property
    def task_names(self) -> tuple[str, ...]:
        return tuple(self.tasks)

    @property
    def keeps_function(self) -> bool:
        """True if a text-to-image model still computes the same right after upcycling."""
        return self.init == "preserving" or self.num_experts == 1

    def to_dict(self) -> dict:
        """A JSON-able dict; tasks as pairs, because diffusers sorts the keys of what it saves."""
        return asdict(self) | {"tasks": [[name, channels] for name, channels in self.tasks.items()]}

    @classmethod
    def from_dict(cls, values: Mapping) -> "MTUConfig":
        """Inverse of `to_dict`; tasks may also be a mapping. ValueError for an unknown key."""
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown MTU settings: {', '.join(sorted(unknown))}")
        values = dict(values)
        if "tasks" in values:
            values["tasks"] = dict(values["tasks"])
        return cls(**values)


def _is_int(value, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
