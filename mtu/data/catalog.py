"""The paper's data sets by task, opened from a recipe's few words."""

from inspect import signature

from .coco import CocoCaptions
from .df2k import RealESRGANPairs
from .faults import DataError, GuardedDataset
from .gqa_inpaint import GQAInpaint
from .instructpix2pix import InstructPix2Pix

SOURCES = {"t2i": CocoCaptions, "edit": InstructPix2Pix, "sr": RealESRGANPairs,
           "inpaint": GQAInpaint}


def open_data(settings: dict, split: str = "train", seed: int = 0,
              on_error: str = "skip", side: int = 512) -> dict[str, GuardedDataset]:
    """The data sets that `settings` names, by task.

    settings: {task: source}, a source being a folder, a hub id, None for the paper's own hub id,
    or a mapping of the data set's options with the source under "source". side: the pixels at
    which super-resolution is degraded. Raises DataError in one sentence.
    """
    opened = {}
    for task, given in settings.items():
        if task not in SOURCES:
            raise DataError(f"There is no data for the task {task!r}: {', '.join(SOURCES)}.")
        options = dict(given) if isinstance(given, dict) else {"source": given}
        if options.get("source") is None:
            options.pop("source", None)
        known = set(signature(SOURCES[task]).parameters)
        unknown = sorted(set(options) - known | {"split", "seed", "on_error"} & set(options))
        if unknown:
            raise DataError(f"The data of {task} have no option {unknown[0]!r}.")
        if "side" in known:
            options.setdefault("side", side)
        opened[task] = SOURCES[task](split=split, seed=seed, on_error=on_error, **options)
    return opened
