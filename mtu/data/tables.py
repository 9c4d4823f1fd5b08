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


def open_table(files: list[Path], columns: dict[str, str], fault: Callable[[str, str], None],
               cache_dir: str | Path | None = None):
    """The rows of parquet files as one `datasets.Dataset`; None where no file can be used.

    columns: what every file must have, name → kind: "image" (kept encoded: {"bytes", "path"}),
    "text" (strings or lists of them) or "id" (integers or strings). "a|b" asks for one of two,
    "a?" for nothing. Other columns are left behind. fault(file, reason) is called for a file
    that is cut short or lacks a column, and may raise.
    """
    import datasets

    datasets.disable_progress_bars()
    tables = []
    for file in files:
        try:
            table = datasets.load_dataset("parquet", data_files=str(file), split="train",
                                          cache_dir=cache_dir and str(cache_dir))
        except PermissionError:
            raise DataError(f"{file} may not be read.") from None
        except Exception:  # pyarrow's and the library's own kinds: the file is unusable
            fault(file.name, "is cut short or is no parquet file")
            continue
        found, reason = _columns_of(table, columns)
        if not reason:
            table = table.select_columns(list(found))
            for name in (name for name, kind in found.items() if kind == "image"):
                table = table.cast_column(name, datasets.Image(decode=False))
            if tables and table.features != tables[0].features:
                reason = "has columns of other types than the file before it"
        if reason:
            fault(file.name, reason)
            continue
        tables.append(table)
    return datasets.concatenate_datasets(tables) if tables else None


def _columns_of(table, wanted: dict[str, str]) -> tuple[dict[str, str], str]:
    """The wanted columns that a table has, name → kind, and what is wrong with it, if anything."""
    found = {}
    for names, kind in wanted.items():
        here = [name for name in names.rstrip("?").split("|") if name in table.column_names]
        if here and not _is_kind(table.features[here[0]], kind):
            return {}, f"has a column {here[0]} that holds no {kind}"
        if here:
            found[here[0]] = kind
        elif not names.endswith("?"):
            return {}, f"has no column {names.replace('|', ' or ')}"
    return found, ""


def _is_kind(feature, kind: str) -> bool:
    import datasets

    if kind == "image":  # as the library writes it, or as plain parquet holds it
        return isinstance(feature, datasets.Image) or isinstance(feature, dict) and {
            "bytes", "path"} <= set(feature)
    if kind == "text" and not hasattr(feature, "dtype"):
        feature = getattr(feature, "feature", feature)  # a list's own
    dtype = str(getattr(feature, "dtype", ""))
    return "string" in dtype or kind == "id" and dtype.startswith(("int", "uint"))


def record_at(table, row: int) -> dict:
    """One record of a table; RowFault if its cache is damaged meanwhile."""
    try:
        return table[int(row)]
    except Exception:  # pyarrow's kinds, and the file system's
        raise RowFault("cannot be read from its table") from None


def encoded(cell: dict | None) -> bytes | None:
    """The bytes of an image cell. A path in it is another machine's and is never opened."""
    return cell.get("bytes") if cell else None


def column(table, name: str) -> np.ndarray:
    """A whole column of integers or strings."""
    return table.data.column(name).to_pandas().to_numpy()


def grouped(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that share an id, groups in the order of their first row: (rows, starts).

    ids: integers or strings; a row without one (None, NaN) is a group of its own. The rows of
    group k are rows[starts[k] : starts[k + 1]].
    """
    import pandas

    codes, _ = pandas.factorize(ids)  # numbered as they appear, −1 for none
    alone = np.flatnonzero(codes < 0)
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(len(alone))
    return np.argsort(codes, kind="stable"), np.append(0, np.cumsum(np.bincount(codes)))


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
