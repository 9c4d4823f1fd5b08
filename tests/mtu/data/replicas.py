"""What the tests do to the small data sets: cut a file short, take a column, break a picture."""

from pathlib import Path

import numpy as np
from PIL import Image


def cut(file: Path, share: float = 0.5) -> None:
    """Leave only the first part of a file."""
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])


def rewrite(file: Path, change) -> None:
    """Rewrite a parquet file through `change`, a function of the pyarrow table."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(file)), file)


def drop_column(file: Path, name: str) -> None:
    rewrite(file, lambda table: table.drop_columns([name]))


def break_images(file: Path, rows: list[int], column: str = "image", keep: int = 200) -> None:
    """Cut the encoded pictures of some rows short, and say nothing about it."""
    import pyarrow

    def change(table):
        cells = table.column(column).to_pylist()
        for row in rows:
            cells[row]["bytes"] = cells[row]["bytes"][:keep]
        place = table.column_names.index(column)
        field = table.schema.field(column)
        return table.set_column(place, field, pyarrow.array(cells, field.type))

    rewrite(file, change)


def same(first: np.ndarray, second: Image.Image | np.ndarray, tolerance: float = 12) -> bool:
    """Whether two pictures agree but for what JPEG does."""
    second = np.asarray(second)
    return first.shape == second.shape and float(
        np.abs(first.astype(float) - second).mean()) < tolerance
