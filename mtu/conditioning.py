"""What an image task reads beside the noisy sample: the condition's channels, in order."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class ConditionLayout:
    """Channels of a task's condition: image, [presence], [mask, mask presence].

    image: channels of the encoded source. presence: one more channel, 1 where there is an image
    (a dropped one is zeros, which in pixel space would otherwise mean plain grey). mask: channels
    of the mask (p² for p×p patches, 1 for latents; 0 = the task reads none). mask_presence: one
    more channel, 1 where the user gave a mask.
    """

    image: int
    presence: bool = False
    mask: int = 0
    mask_presence: bool = False

    @classmethod
    def of(cls, channels: int, image: int, mask: int) -> "ConditionLayout":
        """The layout that has `channels` in total, where an encoded image has `image` and an
        encoded mask has `mask` of them. ValueError if no layout has that many."""
        known = (cls(0), cls(image), cls(image, True), cls(image, True, mask, True))
        for layout in known:
            if layout.channels == channels:
                return layout
        sizes = ", ".join(str(layout.channels) for layout in known)
        raise ValueError(f"A condition of {channels} channels has no known layout ({sizes}).")

    @property
    def channels(self) -> int:
        return self.image + self.presence + self.mask + self.mask_presence

    def pack(self, image: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """The condition (B, channels, h, w).

        image: (B, image, h, w), encoded. mask: (B, mask, h, w) in {0, 1}, or None: zeros and
        presence 0. The condition of a dropped image is all zeros: `torch.zeros_like` of this.
        """
        one = torch.ones_like(image[:, :1])
        parts = [image]
        if self.presence:
            parts.append(one)
        if self.mask:
            empty = image.new_zeros(len(image), self.mask, *image.shape[2:])
            parts.append(empty if mask is None else mask.to(image))
        if self.mask_presence:
            parts.append(0 * one if mask is None else one)
        return torch.cat(parts, dim=1)


def condition_layouts(unet, mask_channels: int) -> dict[str, ConditionLayout]:
    """Task -> the condition its input convolution reads; a plain UNet only draws.

    mask_channels: how many an encoded mask has. ValueError for a UNet that cannot be driven.
    """
    sample = unet.config.out_channels
    if unet.config.in_channels != sample:
        raise ValueError(
            f"The UNet takes {unet.config.in_channels} channels and gives {sample}: "
            "it must take a sample of what it gives."
        )
    if not hasattr(unet, "mtu_config"):
        return {"t2i": ConditionLayout(0)}
    tasks = unet.mtu_config.tasks.items()
    return {task: ConditionLayout.of(width, sample, mask_channels) for task, width in tasks}


def patch_mask(mask: torch.Tensor, patch_size: int) -> torch.Tensor:
    """A pixel mask (B, 1, H, W) of 0 and 1, folded as the pixels are: (B, p², H/p, W/p)."""
    return F.pixel_unshuffle(mask, patch_size)


def latent_mask(mask: torch.Tensor, factor: int) -> torch.Tensor:
    """A pixel mask (B, 1, H, W) of 0 and 1 at a latent's size (B, 1, H/f, W/f): any counts."""
    return F.max_pool2d(mask, factor)
