"""The paper's data sets in their real forms, their mixture, and the playground's endless rows."""

from .catalog import SOURCES, open_data
from .coco import CocoCaptions
from .degradation import degrade
from .df2k import RealESRGANPairs
from .faults import DataError, GuardedDataset
from .gqa_inpaint import GQAInpaint
from .instructpix2pix import InstructPix2Pix
from .mixture import Mixture, batch_pattern
from .playground import Playground, Row
from .sizes import to_size

__all__ = [
    "SOURCES",
    "CocoCaptions",
    "DataError",
    "GQAInpaint",
    "GuardedDataset",
    "InstructPix2Pix",
    "Mixture",
    "Playground",
    "RealESRGANPairs",
    "Row",
    "batch_pattern",
    "degrade",
    "open_data",
    "to_size",
]
