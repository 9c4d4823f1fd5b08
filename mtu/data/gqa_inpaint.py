"""GQA-Inpaint, removal by text: a picture, "remove the …", the picture without that thing.

Form (the authors' published reader, Yildirim et al. 2023, arXiv 2304.03246):

    images/{image}.jpg                       the picture
    images_inpainted/{image}/{object}.jpg    without the object
    masks/{image}/{object}.jpg               the object's mask, white
    train_scenes.json, test_scenes.json      {image: {"width", "height",
        "objects": {object: {"name", "attributes": [str], "bbox": [left, top, right, bottom],
                             "relations": [{"name": str, "object": object}], "bidirected": bool}},
        "image_relative_positions": {object: "to the left" | "to the center" | "to the right"}}}
    test_instructions.json                   {"i{image}-o{object}": str}

loose or inside .zip archives (images come in one of their own). Objects that are "bidirected" are
the ones that were removed. The dataset is made for adding things; for removing them its authors
keep only what a text can single out, and find positions anew in the centre square, which is what
a row holds. The paper's split of 90089/10009 is nine tenths of train_scenes.json's pairs and the
rest, its 5553 are those of test_scenes.json.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .archive import PICTURES, Files
from .faults import DataError, GuardedDataset, RowFault, decode
from .gqa_scenes import Pair, instruction, pairs_of
from .playground import Row
from .tables import check_split, held_out, locate, parse_structure

HUB_ID = "abyildirim/gqa-inpaint"
PAPER = 90089, 10009, 0
ROOTS = ("images", "images_inpainted", "masks")
IRRELEVANT = 0.2  # of the training rows, as the authors train
TRIES = 20  # other things looked at for an irrelevant instruction


@dataclass(frozen=True)
class _Names:
    """Where a pair's files lie."""

    source: str
    target: str
    mask: str

    @classmethod
    def of(cls, pair: Pair) -> "_Names":
        return cls(f"images/{pair.image}.jpg", f"images_inpainted/{pair.image}/{pair.object}.jpg",
                   f"masks/{pair.image}/{pair.object}.jpg")


class GQAInpaint(GuardedDataset):
    """Rows of task "inpaint", kind "remove" or "irrelevant". One item is one removed object.

    irrelevant: the share of training rows whose instruction names a thing that is not in the
    picture, and whose target is the source itself. masks: the share of rows that carry the
    object's mask (the paper uses none).
    """

    task, name = "inpaint", "GQA-Inpaint"

    def __init__(self, source: str | Path = HUB_ID, split: str = "train", seed: int = 0,
                 on_error: str = "skip", irrelevant: float = IRRELEVANT, masks: float = 0.0):
        super().__init__(seed, on_error)
        split = check_split(split)
        folder = locate(source, ["*.zip", "*.json", "*.jpg"])
        self.files = Files(folder, self._file_fault, (*PICTURES, ".json"))
        self._paths = {_key(name): name for name in self.files.names}
        self.irrelevant = irrelevant if split == "train" else 0.0
        self.masks = masks
        self._texts: dict[str, str] | None = None
        if split == "test":
            self._texts = self._json("test_instructions.json")
        self._present: dict[str, frozenset] = {}  # what stands in each picture
        pairs = self._pairs(self._json(f"{'test' if split == 'test' else 'train'}_scenes.json"))
        train = held_out(len(pairs), PAPER, True)[0] if split != "test" else 0
        self.pairs = pairs[:train] if split == "train" else pairs[train:]
        self._ready()

    def _json(self, name: str) -> dict:
        if name not in self._paths:
            raise DataError(f"{self.name}: there is no {name}"
                            + (f" ({self.files_skipped[0]})." if self.files_skipped else "."))
        try:
            return parse_structure(self.files.read(self._paths[name]), name, dict)
        except RowFault as fault:
            raise DataError(f"{self.name}: it {fault}.") from None

    def _pairs(self, scenes: dict) -> list[Pair]:
        """The pairs of every scene that is whole; a scene that is not is a fault of its own."""
        pairs, broken = [], 0
        for image, scene in scenes.items():
            try:
                pairs += pairs_of(image, scene)
                self._present[image] = frozenset(item["name"] for item in scene["objects"].values())
            except (KeyError, TypeError, ValueError, AttributeError, IndexError):
                broken += 1
                if self.on_error == "refuse":
                    raise DataError(f"{self.name}: the scene {image} lacks a field or has one of "
                                    "another form.") from None
        if broken:
            self._file_fault("scenes", f"holds {broken} scenes of another form")
        return pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def row(self, index: int, rng: np.random.Generator) -> Row:
        pair = self.pairs[index]
        names = _Names.of(pair)
        source = self._picture(names.source)
        if self.irrelevant and rng.random() < self.irrelevant:
            other = self._absent(pair, rng)
            if other is not None:
                return Row(self.task, instruction(other, rng), source, source, kind="irrelevant")
        text = instruction(pair, rng) if self._texts is None else self._texts.get(pair.key)
        if not isinstance(text, str) or not text.strip():
            raise RowFault(f"({pair.key}) has no instruction")
        mask = None
        if self.masks and rng.random() < self.masks:
            mask = self._picture(names.mask)[..., 0] >= 128
        return Row(self.task, text.strip(), self._picture(names.target), source, mask, "remove")

    def _absent(self, pair: Pair, rng: np.random.Generator) -> Pair | None:
        """Another picture's thing of which this picture has none; None if chance finds none."""
        for _ in range(TRIES):
            other = self.pairs[int(rng.integers(len(self.pairs)))]
            if other.name not in self._present[pair.image]:
                return other
        return None

    def _picture(self, name: str) -> np.ndarray:
        """The centre square of a picture, uint8 (S, S, 3)."""
        pixels = decode(self.files.read(self._paths.get(name, name)))
        side = min(pixels.shape[:2])
        top, left = ((length - side) // 2 for length in pixels.shape[:2])
        return pixels[top : top + side, left : left + side]


def _key(name: str) -> str:
    """A file's name from images/, images_inpainted/ or masks/ on; a JSON file's own name."""
    parts = name.split("/")
    for k, part in enumerate(parts):
        if part in ROOTS:
            return "/".join(parts[k:])
    return parts[-1]
