"""What a recipe of the stage "finetune" may say under `options`."""

from dataclasses import dataclass, field, fields

from mtu.config import INITS, PAPER_WIDTH

from ..recipe import Recipe, RecipeError

METHODS = ("mtu", "single_task", "component", "lora", "ia3")
COMPONENTS = ("sa", "ca", "ffn")  # self-attention, cross-attention, feed-forward
DTYPES = ("fp32", "bf16", "fp16")


@dataclass(frozen=True)
class FinetuneOptions:
    """See docs/training.md for the methods.

    num_experts, init, task_embed_dim, router_hidden_dim: `MTUConfig`'s, for "mtu".
    component: of "component". rank, alpha: of "lora" (alpha / rank scales the change).
    size: pixels a side; None = the base's own. group: rows that go to one process together; every
    group holds every task, and a batch is a whole number of groups. drop: share of the rows whose
    text, whose image, and whose both are dropped, each (InstructPix2Pix: 0.05).
    data: "playground", or task -> {"set": NAME, and that data set's own arguments}.
    cache: a folder for latents and text embeddings, or None. With it pictures are cut square in
    the centre, not at random, so that latents recur; enlargements, made anew each time, are never
    cached. cache_texts: texts too (an embedding is larger than a latent). cache_dtype: fp16
    halves it.
    frozen: precision of the frozen weights in memory. vae_batch: pictures encoded at once.
    export: "pipeline", a folder to load; or "delta", only what was trained. samples: pictures per
    task in a sample grid. architecture: "sd15" or "sdxl", for a dry run without the base's files.
    """

    method: str = "mtu"
    component: str | None = None
    num_experts: int = 4
    init: str = INITS[0]
    task_embed_dim: int = PAPER_WIDTH
    router_hidden_dim: int = PAPER_WIDTH
    rank: int = 16
    alpha: float = 16.0
    size: int | None = None
    group: int = 4
    drop: float = 0.05
    data: str | dict = "playground"
    cache: str | None = None
    cache_texts: bool = True
    cache_dtype: str = "fp32"
    gradient_checkpointing: bool = False
    frozen: str = "fp32"
    vae_batch: int = 4
    export: str = "pipeline"
    export_dtype: str = "fp32"
    samples: int = 2
    architecture: str | None = None
    atlas: str | None = None
    default_steps: int | None = None
    guidance: dict = field(default_factory=dict)

    def __post_init__(self):
        for name, known in (("method", METHODS), ("init", INITS), ("cache_dtype", DTYPES[::2]),
                            ("frozen", DTYPES), ("export_dtype", DTYPES),
                            ("export", ("pipeline", "delta")),
                            ("component", (*COMPONENTS, None)),
                            ("architecture", ("sd15", "sdxl", None))):
            if getattr(self, name) not in known:
                words = ", ".join(str(word) for word in known if word)
                raise RecipeError(f"The {name} {getattr(self, name)!r} is not one of {words}.")
        for name in ("num_experts", "rank", "group", "vae_batch"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise RecipeError(f"{name} must be a whole number from 1 on.")
        if not isinstance(self.drop, (int, float)) or not 0 <= self.drop <= 1 / 3:
            raise RecipeError("drop must lie between 0 and 1/3: it is taken three times.")
        if (self.method == "component") != (self.component is not None):
            raise RecipeError("The method component, and no other, names a component: "
                              f"{', '.join(COMPONENTS)}.")


def read_options(recipe: Recipe) -> FinetuneOptions:
    """The recipe's options, validated; RecipeError in one sentence."""
    known = {item.name for item in fields(FinetuneOptions)}
    unknown = sorted(set(recipe.options) - known)
    if unknown:
        raise RecipeError(f"The stage finetune has no option {unknown[0]!r}.")
    options = FinetuneOptions(**recipe.options)
    if recipe.batch_size % options.group:
        raise RecipeError(f"batch_size must be a multiple of the group of {options.group} rows.")
    if not recipe.task_weights:
        raise RecipeError("task_weights must name the tasks to train.")
    if options.method == "single_task" and len(recipe.task_weights) > 1:
        raise RecipeError("The method single_task trains one task: task_weights names more.")
    if options.frozen not in ("fp32", recipe.precision):
        raise RecipeError(f"Weights frozen in {options.frozen} need that precision, not "
                          f"{recipe.precision}.")
    return options
