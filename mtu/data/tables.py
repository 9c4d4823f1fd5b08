"""Data sets as folders of files: a hub id is fetched once, a local folder is used as it is.

Parquet is read by the `datasets` library, which lays it out as memory-mapped Arrow in its own
cache, so that any row is read at once. Heavy libraries are imported where they are used.
"""

from collections.abc import Callable
from pathlib import Path

from .faults import DataError

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


def encoded(cell: dict | None) -> bytes | None:
    """The bytes of an image cell; a cell may hold a path to a file instead."""
    if not cell:
        return None
    if cell.get("bytes"):
        return cell["bytes"]
    path = cell.get("path")
    return Path(path).read_bytes() if path and Path(path).is_file() else None
