"""Files of pictures that a model has made, each beside what it should have been."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

ROWS = 8  # pairs of one file

Pair = tuple[np.ndarray, np.ndarray]  # made and truth, uint8 (side, side, 3)


def write_pairs(folder: Path, count: int, make: Callable[[int], Pair]) -> list[Path]:
    """The files of at least `count` pairs in `folder`, those that are missing made: `made` and
    `truth`, uint8 (ROWS, side, side, 3), in each; pair k is `make(k)`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:05d}.npz" for number in range(-(-count // ROWS))]
    missing = [number for number, file in enumerate(files) if not file.exists()]
    for number in tqdm(missing, "pairs", unit="file", mininterval=5, disable=not missing):
        pairs = [make(number * ROWS + k) for k in range(ROWS)]
        half = files[number].with_suffix(".part")
        with half.open("wb") as file:
            np.savez(file, made=np.stack([made for made, _ in pairs]),
                     truth=np.stack([truth for _, truth in pairs]))
        half.replace(files[number])  # whole or not there
    return files
