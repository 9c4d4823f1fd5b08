"""COCO Captions, text-to-image: a picture and one of its five captions at random.

Two forms, told apart by their columns:

`jxie/coco_captions` (data/{train,validation,test}-*.parquet): image {bytes, path}, filename,
cocoid, caption; **one row per caption**, so that a picture stands in five rows and rows are
grouped by cocoid. Karpathy's split: 113287/5000/5000 pictures. (Form taken from public code that
reads it and from the card of a copy; the card itself could not be read here.)

`phiyodr/coco2017` (its card): file_name, coco_url, captions, image_id, and more; one row per
picture, which lies in a folder `images` of train2017/ and val2017/, or is fetched from coco_url.
Its train and validation are the paper's 118287/5000. COCO 2017 has no captions for its test
pictures and the paper's three numbers add up to more than the 123287 captioned ones, so that
"test" is the validation split here.
"""

import urllib.request
from http.client import HTTPException
from pathlib import Path

import numpy as np

from .faults import DataError, GuardedDataset, RowFault, decode
from .playground import Row
from .tables import check_split, encoded, grouped, locate, open_table, parquet_files, record_at

HUB_ID = "jxie/coco_captions"
FETCH_SECONDS = 20


class CocoCaptions(GuardedDataset):
    """Rows of task "t2i". One item is one picture.

    source: a hub id or a folder with the parquet files. images: a folder of pictures, for the
    form that holds addresses; without it the source's own folder is tried, then the network.
    """

    task, name = "t2i", "COCO Captions"

    def __init__(self, source: str | Path = HUB_ID, split: str = "train", seed: int = 0,
                 on_error: str = "skip", images: str | Path | None = None,
                 cache_dir: str | Path | None = None):
        super().__init__(seed, on_error)
        split = check_split(split)
        folder = locate(source, ["*.parquet"])
        self.images = Path(images).expanduser() if images else folder
        files = parquet_files(folder, split)
        if not files and split == "test":
            files = parquet_files(folder, "validation")
        if not files:
            raise DataError(f"{folder} has no parquet file of the split {split}.")
        inline = ["image", "caption|captions"]
        linked = ["file_name", "captions"]
        self._inline = any("image" in _columns(file) for file in files)
        self._table = open_table(files, inline if self._inline else linked,
                                 ["image"] if self._inline else [], self._file_fault, cache_dir)
        self._group()
        self._ready()

    def _group(self) -> None:
        """self._rows[self._starts[k] : self._starts[k + 1]] are the rows of picture k."""
        count = len(self._table) if self._table is not None else 0
        ids = np.arange(count)
        if count and "cocoid" in self._table.column_names:
            ids = self._table.data.column("cocoid").to_numpy()
        self._rows, self._starts = grouped(ids)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, index: int, rng: np.random.Generator) -> Row:
        rows = self._rows[self._starts[index] : self._starts[index + 1]]
        record = record_at(self._table, rng.choice(rows))
        captions = record.get("captions") or record.get("caption") or []
        captions = [captions] if isinstance(captions, str) else captions
        captions = [text.strip() for text in captions if text and text.strip()]
        if not captions:
            raise RowFault("has no caption")
        text = captions[int(rng.integers(len(captions)))]
        data = encoded(record["image"]) if self._inline else self._linked(record)
        return Row(self.task, text, decode(data))

    def _linked(self, record: dict) -> bytes:
        """The bytes of a picture that the record names: from the folder, else by its address."""
        name, url = record["file_name"] or "", record.get("coco_url") or ""
        known = Path(*Path(name).parts[-2:]), Path(*Path(url).parts[-2:]), Path(Path(name).name)
        for path in known:
            file = self.images / path
            if name and ".." not in path.parts and file.is_file():
                return file.read_bytes()
        if not url.startswith(("http://", "https://")):
            raise RowFault(f"names the picture {name or 'without a name'}, which is not there")
        try:
            with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:
                return answer.read()
        except (OSError, ValueError, HTTPException):
            raise RowFault(f"names the picture {url}, which cannot be fetched") from None


def _columns(file: Path) -> list[str]:
    """The column names of a parquet file; none where it cannot be read."""
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_schema(file).names
    except (pyarrow.ArrowException, OSError):
        return []
