"""One measure per task, fed with rows and the pictures a model made of them."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch

from mtu.data import Row

from .clip import ClipFeatures, directional_similarity
from .fid import FeatureBank, frechet_distance
from .inception import Inception
from .lpips import LPIPS
from .weights import find_weights


class Fid:
    """FID of the made pictures against the rows' own, the lower the better."""

    def __init__(self, inception: Inception):
        self._real, self._made = FeatureBank(inception), FeatureBank(inception)
        self.with_ = f"Inception V3 of 2015, {inception.num_features} features"

    def add(self, row: Row, picture: np.ndarray) -> None:
        self._real.add(row.target)
        self._made.add(picture)

    def value(self) -> float:
        return frechet_distance(self._real.features(), self._made.features())


class _Mean(ABC):
    """100 times the mean of what `score` says of each picture."""

    def __init__(self):
        self._scores: list[float] = []

    def add(self, row: Row, picture: np.ndarray) -> None:
        self._scores.append(float(self.score(row, picture)))

    @abstractmethod
    def score(self, row: Row, picture: np.ndarray) -> torch.Tensor:
        """One picture's figure."""

    def value(self) -> float:
        return 100 * float(np.mean(self._scores))


class EditDirection(_Mean):
    """I-T: cos(T_edited − T_input, I_edited − I_input) on CLIP features, times 100."""

    def __init__(self, clip: ClipFeatures, name: str):
        super().__init__()
        self.clip, self.with_ = clip, f"CLIP {name}, {clip.model.projection_dim} features"

    def score(self, row, picture):
        images = self.clip.images([row.source, picture])
        texts = self.clip.texts(list(row.captions))
        return directional_similarity(texts[:1], texts[1:], images[:1], images[1:])


class RemovalDirection(_Mean):
    """I-I: cos(I_gt − I_input, I_edited − I_input) on CLIP features, times 100."""

    def __init__(self, clip: ClipFeatures, name: str):
        super().__init__()
        self.clip, self.with_ = clip, f"CLIP {name}, {clip.model.projection_dim} features"

    def score(self, row, picture):
        source, truth, made = self.clip.images([row.source, row.target, picture]).split(1)
        return directional_similarity(source, truth, source, made)


class Perceptual(_Mean):
    """LPIPS between the sharp picture and the enlargement, times 100."""

    def __init__(self, lpips: LPIPS, net: str):
        super().__init__()
        self.lpips, self.with_ = lpips, f"LPIPS over {net}"

    def score(self, row, picture):
        device = self.lpips.shift.device
        pair = [torch.from_numpy(p.copy()).permute(2, 0, 1)[None].to(device) / 127.5 - 1
                for p in (row.target, picture)]
        return self.lpips(*pair)


class Measures:
    """Makes the measure of a task; networks that two tasks share are loaded once."""

    def __init__(self, folder: Path | None, clip: str, lpips: str, fid_features: int,
                 device: torch.device):
        self.folder, self.clip, self.lpips = folder, clip, lpips
        self.fid_features, self.device = fid_features, device
        self._clip: ClipFeatures | None = None

    def of(self, task: str):
        """The measure; MissingPart if its weights are not there, ValueError if they do not fit."""
        if task == "t2i":
            path = find_weights(self.folder, "inception")
            return Fid(Inception.from_file(path, self.fid_features).to(self.device))
        if task == "sr":
            metric = LPIPS.from_folder(self.folder, self.lpips).to(self.device)
            return Perceptual(metric, self.lpips)
        if self._clip is None:
            self._clip = ClipFeatures.from_pretrained(self.clip).to(self.device)
        kind = EditDirection if task == "edit" else RemovalDirection
        return kind(self._clip, Path(self.clip).name)
