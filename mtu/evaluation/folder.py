"""The folder that a report is written into."""

import os
from pathlib import Path


def out_folder(name: str | Path) -> Path:
    """The folder `name`, made if it is not there; ValueError if it cannot be written."""
    path = Path(name)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--out {name} cannot be made: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ValueError(f"--out {name} cannot be written.")
    return path
