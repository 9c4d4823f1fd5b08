"""InstructPix2Pix, editing by instruction: a picture, an instruction, the edited picture.

Two forms:

`timbrooks/instructpix2pix-clip-filtered` (its card): 262 parquet files data/train-*, with
original_prompt, original_image, edit_prompt, edited_prompt, edited_image; 313010 rows, one split.

The authors' own folder (their published reader): seeds.json, a list of [name, [seed, …]], and
name/prompt.json with the instruction under "edit", name/{seed}_0.jpg the source and
name/{seed}_1.jpg the target.

One item is one instruction. It may have several pairs of pictures (up to four in the authors'
folder; rows of the same three texts in parquet): one of them is chosen at random each time. The
paper's split of 281709/31301 is nine tenths and the rest, in the data's own order. Nothing is left
for its 2000 of the test, which are the last of the validation here, never of the training.
"""

import json
from pathlib import Path

import numpy as np

from .faults import DataError, GuardedDataset, RowFault, decode
from .playground import Row
from .tables import (
    check_split,
    encoded,
    grouped,
    held_out,
    locate,
    open_table,
    parquet_files,
    read_structure,
    record_at,
)

HUB_ID = "timbrooks/instructpix2pix-clip-filtered"
PAPER = 281709, 31301, 2000
TEXTS = ["original_prompt", "edit_prompt", "edited_prompt"]
COLUMNS = dict.fromkeys(TEXTS, "text") | dict.fromkeys(("original_image", "edited_image"), "image")


class InstructPix2Pix(GuardedDataset):
    """Rows of task "edit". One item is one instruction with its picture."""

    task, name = "edit", "InstructPix2Pix"

    def __init__(self, source: str | Path = HUB_ID, split: str = "train", seed: int = 0,
                 on_error: str = "skip", cache_dir: str | Path | None = None):
        super().__init__(seed, on_error)
        split = check_split(split)
        self.folder = locate(source, ["*.parquet"])
        self._table, self._seeds = None, None
        if (self.folder / "seeds.json").is_file():
            self._seeds = self._listed()
            total = len(self._seeds)
        else:
            total = self._tabled(cache_dir)
        train, validation, test = held_out(total, PAPER, test_within_validation=True)
        self._items = {"train": range(train), "validation": range(train, total),
                       "test": range(total - test, total)}[split]
        self._ready()

    def _tabled(self, cache_dir) -> int:
        files = parquet_files(self.folder, "train")
        if not files:
            raise DataError(f"{self.folder} has neither parquet files of train nor seeds.json.")
        self._table = open_table(files, COLUMNS, self._file_fault, cache_dir)
        if self._table is None:
            return 0
        texts = self._table.select_columns(TEXTS).to_pandas()
        ids = texts.groupby(TEXTS, sort=False, dropna=False).ngroup().to_numpy()
        self._rows, self._starts = grouped(ids)
        return len(self._starts) - 1

    def _listed(self) -> list[tuple[str, list[str]]]:
        listed = read_structure(self.folder / "seeds.json", list)
        try:
            return [(str(name), [str(seed) for seed in seeds]) for name, seeds in listed]
        except (TypeError, ValueError):
            raise DataError(f"{self.folder}/seeds.json is no list of names with seeds.") from None

    def __len__(self) -> int:
        return len(self._items)

    def row(self, index: int, rng: np.random.Generator) -> Row:
        item = self._items[index]
        if self._seeds is not None:
            text, source, target = self._from_folder(*self._seeds[item], rng)
        else:
            rows = self._rows[self._starts[item] : self._starts[item + 1]]
            record = record_at(self._table, rng.choice(rows))
            text, source, target = (record["edit_prompt"], encoded(record["original_image"]),
                                    encoded(record["edited_image"]))
        if not isinstance(text, str) or not text.strip():
            raise RowFault("has no instruction")
        return Row(self.task, text.strip(), decode(target), decode(source))

    def captions(self, index: int) -> tuple[str, str]:
        """What the source and the target of item `index` show, in words; RowFault if unsaid."""
        item = self._items[index]
        if self._seeds is not None:
            file = self.folder / self._seeds[item][0] / "prompt.json"
            try:
                prompt = json.loads(file.read_text(encoding="utf-8"))
                texts = prompt.get("caption") or prompt.get("input"), prompt.get("output")
            except (OSError, ValueError, AttributeError):
                raise RowFault(f"({file.parent.name}) lacks its prompt.json") from None
        else:
            record = self._table.select_columns(TEXTS)[int(self._rows[self._starts[item]])]
            texts = record["original_prompt"], record["edited_prompt"]
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise RowFault("has no captions")
        return texts[0].strip(), texts[1].strip()

    def _from_folder(self, name: str, seeds: list[str], rng) -> tuple[str, bytes, bytes]:
        if not seeds:
            raise RowFault(f"({name}) names no pictures")
        place, seed = self.folder / name, seeds[int(rng.integers(len(seeds)))]
        try:
            text = json.loads((place / "prompt.json").read_text(encoding="utf-8"))["edit"]
            return text, *((place / f"{seed}_{k}.jpg").read_bytes() for k in (0, 1))
        except (OSError, ValueError, KeyError, TypeError):
            raise RowFault(f"({name}) lacks its prompt.json or a picture") from None
