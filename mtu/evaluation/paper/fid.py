"""FID: the Fréchet distance of two sets of pictures on Inception's features."""

import numpy as np
import torch
from torch import nn

from .inception import Inception

BATCH = 16


class _AsGiven(nn.Module):
    """torchmetrics' feature extractor where the features are there already."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


def frechet_distance(real: torch.Tensor, made: torch.Tensor) -> float:
    """|μ1 − μ2|² + tr(Σ1 + Σ2 − 2·(Σ1Σ2)^½) of features (n, D) and (m, D), by torchmetrics.

    Means and unbiased covariances, in float64. ValueError with fewer than two of either.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    if min(len(real), len(made)) < 2:
        raise ValueError("a Fréchet distance needs two pictures of each kind at least")
    metric = FrechetInceptionDistance(feature=_AsGiven(real.shape[1]))
    metric.update(real.double(), real=True)
    metric.update(made.double(), real=False)
    return float(metric.compute())


class FeatureBank:
    """Inception's features of pictures that come one by one."""

    def __init__(self, inception: Inception):
        self.inception = inception
        self._waiting: list[np.ndarray] = []
        self._features: list[torch.Tensor] = []

    def add(self, picture: np.ndarray) -> None:
        """A picture, uint8 (H, W, 3); pictures of a batch must be of one size."""
        if self._waiting and self._waiting[0].shape != picture.shape:
            self._flush()
        self._waiting.append(picture)
        if len(self._waiting) == BATCH:
            self._flush()

    def features(self) -> torch.Tensor:
        """(pictures so far, num_features), on the CPU."""
        self._flush()
        return torch.cat(self._features)

    @torch.no_grad()
    def _flush(self) -> None:
        if self._waiting:
            batch = torch.from_numpy(np.stack(self._waiting)).permute(0, 3, 1, 2)
            device = next(self.inception.parameters()).device
            self._features.append(self.inception(batch.to(device)).cpu())
            self._waiting = []
