"""Where a change belongs: a small head that reads it from the UNet's features.

Asked at pure noise, with the source and the words, the UNet has to know where the answer will
differ from the source before it can draw it. A finder reads that from its features in one pass:
those between the UNet's two halves, and the last ones before its output layer. What other methods
infer from the difference of two predictions (Couairon et al. 2022, DiffEdit) is learned here, for
every row of training knows its answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from scipy import ndimage
from torch import nn

from .compose import GLOBAL_SHARE

WEAK = 0.3  # the probability from which a cell may belong to the change; too few do more harm
STRONG = 0.95  # of the highest probability: a change holds a cell that is this sure


class Finder(ModelMixin, ConfigMixin):
    """Tells from a UNet's features, for each element of its sample, whether it is to change.

    channels: of the features of the first block on the way up, and of the last ones. hidden: of
    the layer between.
    """

    @register_to_config
    def __init__(self, channels: tuple[int, int], hidden: int = 64):
        super().__init__()
        self.conv_in = nn.Conv2d(sum(channels), hidden, 1)
        self.conv_out = nn.Conv2d(hidden, 1, 3, padding=1)

    @classmethod
    def for_unet(cls, unet) -> "Finder":
        """One with fresh weights, from torch's global generator, that fits `unet`."""
        widths = unet.config.block_out_channels
        return cls((widths[-1], widths[0]))

    def forward(self, middle: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Features (B, C, h', w') and (B, C', h, w) -> logits (B, 1, h, w)."""
        if middle.shape[-2:] != last.shape[-2:]:
            middle = F.interpolate(middle, size=last.shape[-2:])
        middle = F.layer_norm(middle.permute(0, 2, 3, 1), middle.shape[1:2]).permute(0, 3, 1, 2)
        seen = torch.cat([middle.to(self.dtype), last.to(self.dtype)], 1)
        return self.conv_out(F.silu(self.conv_in(seen)))


class Watch:
    """Keeps a UNet's features as they pass: `middle` and `last`, of its latest forward."""

    def __init__(self, unet: nn.Module):
        self._seen: list[torch.Tensor] = [None, None]
        self._hooks = (
            unet.up_blocks[0].register_forward_hook(self._keep_middle),
            unet.conv_out.register_forward_pre_hook(self._keep_last),
        )

    def _keep_middle(self, block, args, features: torch.Tensor) -> None:
        self._seen[0] = features

    def _keep_last(self, layer, args) -> None:
        self._seen[1] = args[0]

    def take(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The two, which are then forgotten."""
        middle, last = self._seen
        self._seen[:] = [None, None]
        return middle, last

    def remove(self) -> None:
        """Watch no longer."""
        for hook in self._hooks:
            hook.remove()


@contextmanager
def watched(unet: nn.Module) -> Iterator[Watch]:
    """A `Watch` for as long as the block lasts."""
    watch = Watch(unet)
    try:
        yield watch
    finally:
        watch.remove()


def chosen_cells(logits: torch.Tensor) -> torch.Tensor | None:
    """The cells that change, of logits (1, 1, h, w), as 0 and 1; None if nothing does, or so much
    that the picture changes as a whole.

    An edit is about one thing, so of several parts of the picture that may be meant those count
    which are surest: cells above WEAK that touch, among them one near the highest probability
    (hysteresis, Canny 1986, "A computational approach to edge detection").
    """
    chance = logits[0, 0].float().sigmoid().cpu().numpy()
    surest = chance >= max(WEAK, STRONG * chance.max())
    found = ndimage.binary_propagation(surest, np.ones((3, 3)), chance > WEAK)
    cells = torch.from_numpy(found)[None, None].to(logits)
    return cells if 0 < float(cells.mean()) <= GLOBAL_SHARE else None
