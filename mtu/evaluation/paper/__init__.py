"""The paper's evaluation: FID, LPIPS, directional similarity, and its tables."""

from .clip import ClipFeatures, directional_similarity
from .fid import frechet_distance
from .inception import Inception
from .lpips import LPIPS
from .weights import MissingPart

__all__ = [
    "LPIPS",
    "ClipFeatures",
    "Inception",
    "MissingPart",
    "directional_similarity",
    "frechet_distance",
]
