"""COCO Captions, text-to-image: a picture and one of its five captions at random.

Three forms, told apart by what the folder holds:

`jxie/coco_captions` (data/{train,validation,test}-*.parquet): image {bytes, path}, filename,
cocoid, caption; **one row per caption**, so that a picture stands in five rows and rows are
grouped by cocoid. Karpathy's split: 113287/5000/5000 pictures. (Form taken from public code that
reads it and from the card of a copy; the card itself could not be read here.)

`phiyodr/coco2017` (its card): file_name, coco_url, captions, image_id, and more; one row per
picture, which lies in a folder `images` of train2017/ and val2017/, or is fetched from coco_url.
Its train and validation are the paper's 118287/5000. COCO 2017 has no captions for its test
pictures and the paper's three numbers add up to more than the 123287 captioned ones, so that
"test" is the validation split here.

COCO's own download: annotations/captions_{train,val}2017.json with "images" (id, file_name,
coco_url) and "annotations" (image_id, caption), the pictures in train2017/ and val2017/.
"""

import urllib.request
from http.client import HTTPException
from pathlib import Path

import numpy as np

from .faults import DataError, GuardedDataset, RowFault, decode
from .playground import Row
from .tables import (
    check_split,
    column,
    encoded,
    grouped,
    locate,
    open_table,
    parquet_files,
    read_structure,
    record_at,
)

HUB_ID = "jxie/coco_captions"
INLINE = {"image": "image", "caption|captions": "text", "cocoid?": "id"}
LINKED = {"file_name": "text", "captions": "text", "coco_url?": "text"}
YEAR = {"train": "train2017", "validation": "val2017", "test": "val2017"}
FETCH_SECONDS = 20


class CocoCaptions(GuardedDataset):
    """Rows of task "t2i". One item is one picture.

    source: a hub id or a folder. images: a folder of pictures, for the forms that hold none;
    without it the source's own folder is tried, then the network.
    """

    task, name = "t2i", "COCO Captions"

    def __init__(self, source: str | Path = HUB_ID, split: str = "train", seed: int = 0,
                 on_error: str = "skip", images: str | Path | None = None,
                 cache_dir: str | Path | None = None):
        super().__init__(seed, on_error)
        split = check_split(split)
        folder = locate(source, ["*.parquet"])
        self.images = Path(images).expanduser() if images else folder
        self._inline, self._table = False, None
        annotations = folder / "annotations" / f"captions_{YEAR[split]}.json"
        if annotations.is_file():
            self._table = _annotated(annotations)
        else:
            self._open(folder, split, cache_dir)
        ids = np.arange(len(self._table) if self._table is not None else 0)
        if len(ids) and "cocoid" in getattr(self._table, "column_names", ()):
            ids = column(self._table, "cocoid")
        self._rows, self._starts = grouped(ids)  # the rows of each picture
        self._ready()

    def _open(self, folder: Path, split: str, cache_dir) -> None:
        files = parquet_files(folder, split)
        if not files and split == "test":
            files = parquet_files(folder, "validation")
        if not files:
            raise DataError(f"{folder} has no parquet file of the split {split}.")
        self._inline = any("image" in _columns(file) for file in files)
        columns = INLINE if self._inline else LINKED
        self._table = open_table(files, columns, self._file_fault, cache_dir)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, index: int, rng: np.random.Generator) -> Row:
        rows = self._rows[self._starts[index] : self._starts[index + 1]]
        record = record_at(self._table, rng.choice(rows))
        captions = record.get("captions") or record.get("caption") or []
        captions = [captions] if isinstance(captions, str) else captions
        captions = [text.strip() for text in captions if isinstance(text, str) and text.strip()]
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
                try:
                    return file.read_bytes()
                except OSError:
                    raise RowFault(f"names the picture {name}, which cannot be read") from None
        if not url.startswith(("http://", "https://")):
            raise RowFault(f"names the picture {name or 'without a name'}, which is not there")
        try:
            with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:
                return answer.read()
        except (OSError, ValueError, HTTPException):
            raise RowFault(f"names the picture {url}, which cannot be fetched") from None


def _annotated(file: Path) -> list[dict]:
    """COCO's own annotations as rows of the form that holds addresses, one per picture."""
    content = read_structure(file, dict)
    try:
        rows = {image["id"]: {"file_name": f"{file.stem.split('_')[-1]}/{image['file_name']}",
                              "coco_url": image.get("coco_url"), "captions": []}
                for image in content["images"]}
        for note in content["annotations"]:
            if note["image_id"] in rows:
                rows[note["image_id"]]["captions"].append(note["caption"])
    except (KeyError, TypeError, AttributeError):
        raise DataError(f"{file} is no file of COCO's captions.") from None
    return list(rows.values())


def _columns(file: Path) -> list[str]:
    """The column names of a parquet file; none where it cannot be read."""
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_schema(file).names
    except (pyarrow.ArrowException, OSError):
        return []
