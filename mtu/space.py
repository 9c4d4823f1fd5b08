"""The space the UNet works in: pixels in patches, or an autoencoder's latents."""

import functools

import torch
import torch.nn.functional as F

from .conditioning import latent_mask, patch_mask

# patterns within a patch that the place code is written in: its fine checks, which pictures lack
_PATTERNS = (17, 18, 33, 34, 19, 35, 49, 50)


class PixelSpace:
    """Pixels in [-1, 1], p×p of them folded into channels.

    place_code: amplitude of what `placed` adds; 0 for nothing.
    """

    def __init__(self, patch_size: int, place_code: float = 0.0):
        self.factor = patch_size  # pixels per sample element
        self.place_code = place_code
        self.mask_channels = patch_size**2
        self.is_pixels = True

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 3·p², H/p, W/p)"""
        return F.pixel_unshuffle(pixels, self.factor)

    def decode(self, sample: torch.Tensor) -> torch.Tensor:
        """(B, 3·p², h, w) -> (B, 3, h·p, w·p)"""
        return F.pixel_shuffle(sample, self.factor)

    def placed(self, sample: torch.Tensor) -> torch.Tensor:
        """The noisy sample (B, C, h, w) as the UNet reads it: with a faint pattern that tells
        every patch where it is. Nothing of it is part of the picture."""
        if not self.place_code:
            return sample
        code = place_code(*sample.shape[1:])
        return sample + (self.place_code * code).to(sample)

    def encode_mask(self, mask: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W) of 0 and 1 -> (B, p², H/p, W/p)"""
        return patch_mask(mask, self.factor)


@functools.cache
def place_code(channels: int, height: int, width: int) -> torch.Tensor:
    """(1, channels, height, width): the place of each patch, written into its channels.

    A UNet of few layers learns from the borders alone where it is, and of 16 × 16 patches ours had
    not: columns could be told from its features with an R² of 0.1 to 0.6. Four cosines an axis
    (the first of a DCT), each times a pattern of ±1 over the channels (Walsh functions, at right
    angles to one another where there are 256 channels a colour).
    """
    number = torch.arange(channels)
    signs = torch.stack([_parity(number & pattern) for pattern in _PATTERNS])
    across, down = ((torch.arange(n) + 0.5) / n for n in (width, height))
    code = torch.zeros(channels, height, width)
    for k in range(4):
        code += signs[2 * k, :, None, None] * torch.cos(torch.pi * (k + 1) * across)
        code += signs[2 * k + 1, :, None, None] * torch.cos(torch.pi * (k + 1) * down)[:, None]
    return code[None]


def _parity(number: torch.Tensor) -> torch.Tensor:
    """1.0 where an even number of the 8 lowest bits is set, else -1.0."""
    bits = sum((number >> k) & 1 for k in range(8))
    return 1.0 - 2.0 * (bits % 2)


class LatentSpace:
    """Latents of a diffusers autoencoder, shifted and scaled to about unit variance."""

    def __init__(self, vae):
        self.vae = vae
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)
        self.mask_channels = 1
        self.is_pixels = False
        self._scale = vae.config.scaling_factor
        self._shift = vae.config.get("shift_factor") or 0.0

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) in [-1, 1] -> (B, C, H/f, W/f), the mode of the posterior"""
        self._widen()
        latents = self.vae.encode(pixels.to(self.vae.dtype)).latent_dist.mode().float()
        return (latents - self._shift) * self._scale

    def decode(self, sample: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) -> (B, 3, h·f, w·f)"""
        self._widen()
        latents = (sample / self._scale + self._shift).to(self.vae.dtype)
        return self.vae.decode(latents, return_dict=False)[0].float()

    def placed(self, sample: torch.Tensor) -> torch.Tensor:
        """The sample as it is: the UNets of latents find their way by themselves."""
        return sample

    def encode_mask(self, mask: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W) of 0 and 1 -> (B, 1, H/f, W/f)"""
        return latent_mask(mask, self.factor)

    def _widen(self) -> None:
        """SDXL's autoencoder overflows in float16 and says so in its config."""
        if self.vae.dtype == torch.float16 and self.vae.config.get("force_upcast"):
            self.vae.to(torch.float32)
