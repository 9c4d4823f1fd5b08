"""Data sets as folders of files: a hub id is fetched once, a local folder is used as it is.

Parquet is read by the `datasets` library, which lays it out as memory-mapped Arrow in its own
cache, so that any row is read at once. Heavy libraries are imported where they are used.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .faults import DataError, RowFault

SPLITS = ("train", "validation", "test")
ALIASES = {"validation": ("validation", "val"), "train": ("train",), "test": ("test",)}


def locate(source: str | Path, patterns: list[str]) -> Path:
    """The local folder of `source`, a folder or a hub id whose files match the `patterns`.

    Raises DataError in one sentence where there is neither.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists() or str(source).count("/") != 1 or str(source).startswith((".", "/", "~")):
        raise DataError(f"There is no folder {source}.")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(source), repo_type="dataset", allow_patterns=patterns))
    except Exception as error:  # the hub's client raises many kinds, all of them mean the same
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise DataError(f"{source} is no folder here and cannot be fetched: {reason}.") from None


def check_split(split: str) -> str:
    """`split` if it is train, validation or test; "val" means validation."""
    split = "validation" if split == "val" else split
    if split not in SPLITS:
        raise DataError(f"The split must be one of {', '.join(SPLITS)}, not {split!r}.")
    return split


def parquet_files(folder: Path, split: str) -> list[Path]:
    """Parquet files of a split: named after it, or in a folder that is."""
    names = ALIASES[split]
    return [file for file in sorted(folder.rglob("*.parquet"))
            if file.name.startswith(names) or file.parent.name in names]


def open_table(files: list[Path], columns: list[str], images: list[str],
               fault: Callable[[str, str], None], cache_dir: str | Path | None = None):
    """The rows of parquet files as one `datasets.Dataset`; None where no file can be used.

    columns: names that every file must have; a list of names in one string, "a|b", asks for one
    of them. images: those that stay encoded, {"bytes": …, "path": …}. fault(file, reason) is
    called for a file that is cut short or lacks a column, and may raise.
    """
    import datasets

    datasets.disable_progress_bars()
    tables = []
    for file in files:
        try:
            table = datasets.load_dataset("parquet", data_files=str(file), split="train",
                                          cache_dir=cache_dir and str(cache_dir))
        except Exception as error:  # pyarrow's and the library's own kinds: the file is unusable
            if isinstance(error, PermissionError):
                raise DataError(f"{file} may not be read.") from None
            fault(file.name, "is cut short or is no parquet file")
            continue
        missing = [name for name in columns if not set(name.split("|")) & set(table.column_names)]
        if missing:
            fault(file.name, f"has no column {missing[0].replace('|', ' or ')}")
            continue
        for name in images:
            table = table.cast_column(name, datasets.Image(decode=False))
        tables.append(table)
    return datasets.concatenate_datasets(tables) if tables else None


def record_at(table, row: int) -> dict:
    """One record of a table; RowFault if its cache is damaged meanwhile."""
    try:
        return table[int(row)]
    except Exception:  # pyarrow's kinds, and the file system's
        raise RowFault("cannot be read from its table") from None


def encoded(cell: dict | None) -> bytes | None:
    """The bytes of an image cell; a cell may hold a path to a file instead."""
    if not cell:
        return None
    if cell.get("bytes"):
        return cell["bytes"]
    path = cell.get("path")
    return Path(path).read_bytes() if path and Path(path).is_file() else None


def grouped(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that share an id, groups in the order of their first row: (rows, starts).

    The rows of group k are rows[starts[k] : starts[k + 1]].
    """
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    rank = np.empty(len(first), int)
    rank[np.argsort(first)] = np.arange(len(first))
    return (np.argsort(rank[inverse], kind="stable"),
            np.append(0, np.cumsum(np.bincount(rank[inverse], minlength=len(first)))))


def held_out(total: int, paper: tuple[int, int, int],
             test_within_validation: bool = False) -> tuple[int, int, int]:
    """How many of `total` are for training, validation and test.

    The paper's own numbers where the total is the paper's; in proportion otherwise, with one row
    at least for each where there are three.
    """
    train, validation, test = paper
    whole = train + validation + (0 if test_within_validation else test)
    if total != whole:
        least = 1 if total >= 3 else 0
        validation = max(total * validation // whole, least)
        test = max(total * test // whole, least)
    return total - validation - (0 if test_within_validation else test), validation, test


def read_structure(file: Path, kind: type):
    """The JSON list or object in a file; DataError in one sentence if there is none."""
    try:
        return parse_structure(file.read_bytes(), str(file), kind)
    except OSError:
        raise DataError(f"{file} cannot be read.") from None


def parse_structure(data: bytes, name: str, kind: type):
    """The JSON list or object in the bytes of the file `name`; DataError if there is none."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise DataError(f"{name} is cut short or is not JSON.") from None
    if not isinstance(content, kind):
        raise DataError(f"{name} holds no JSON {'list' if kind is list else 'object'}.")
    return content
