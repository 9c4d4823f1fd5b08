"""Loose files and the members of archives, read by name from any process."""

import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from .faults import RowFault

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_PARTS = (".z01", ".zip.001", ".tar.001", ".zip.partaa", ".tar.partaa")


class Files:
    """The files of a folder, those inside its .zip and .tar archives included.

    fault(file, reason) is called for an archive that cannot be read, and may raise. `names` are
    relative, with "/" between folders; a loose file wins over a member of the same name.
    """

    def __init__(self, folder: Path, fault: Callable[[str, str], None],
                 suffixes: tuple[str, ...] = PICTURES):
        self._where: dict[str, tuple] = {}
        self._open: dict[tuple[int, str], zipfile.ZipFile] = {}  # by process: handles do not fork
        loose = {}
        for place, folders, files in os.walk(folder, followlinks=True):
            folders.sort()
            for name in sorted(files):
                path = Path(place, name)
                if name.lower().endswith(suffixes):
                    loose[path.relative_to(folder).as_posix()] = ("file", str(path))
                elif name.lower().endswith(".zip"):
                    self._index_zip(path, fault, suffixes)
                elif name.lower().endswith(".tar"):
                    self._index_tar(path, fault, suffixes)
                elif name.lower().endswith((".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")):
                    fault(name, "is a compressed tar, which must be unpacked first")
                elif name.lower().endswith(_PARTS):
                    fault(name, "is part of a split archive, which must be joined first")
        self._where |= loose
        self.names = sorted(self._where)

    def _index_zip(self, path: Path, fault, suffixes) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                names = [item.filename for item in archive.infolist() if not item.is_dir()]
        except Exception:  # zipfile lets struct.error and others through
            fault(path.name, "is cut short or is no zip archive")
            return
        for name in names:
            if name.lower().endswith(suffixes):
                self._where[name] = ("zip", str(path), name)

    def _index_tar(self, path: Path, fault, suffixes) -> None:
        """Offsets of the members; those before a cut stay usable under "skip"."""
        size, whole = path.stat().st_size, True
        try:
            with tarfile.open(path, "r:") as archive:
                for item in archive:
                    whole = item.offset_data + item.size <= size
                    if item.isfile() and item.name.lower().endswith(suffixes) and whole:
                        name = str(PurePosixPath(item.name))
                        self._where[name] = ("tar", str(path), item.offset_data, item.size)
                whole = whole and _ends(path)
        except Exception:  # as above
            whole = False
        if not whole:
            fault(path.name, "is cut short or is no tar archive")

    def __contains__(self, name: str) -> bool:
        return name in self._where

    def read(self, name: str) -> bytes:
        """The bytes of a file; RowFault if it is not there or damaged."""
        if name not in self._where:
            raise RowFault(f"names {name}, which is not there")
        kind, path, *rest = self._where[name]
        try:
            if kind == "zip":
                return self._archive(path).read(rest[0])
            with open(path, "rb") as file:
                if kind == "tar":
                    file.seek(rest[0])
                    return file.read(rest[1])
                return file.read()
        except Exception:  # zipfile lets its decoders' own kinds through
            raise RowFault(f"names {name}, which cannot be read") from None

    def _archive(self, path: str) -> zipfile.ZipFile:
        key = (os.getpid(), path)
        if key not in self._open:
            self._open[key] = zipfile.ZipFile(path)
        return self._open[key]

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_open": {}}


def _ends(path: Path) -> bool:
    """Whether a tar file ends with the block of zeros that the format asks for."""
    with open(path, "rb") as file:
        file.seek(-512, os.SEEK_END)
        return not any(file.read(512))
