"""The space the UNet works in: pixels in patches, or an autoencoder's latents."""

import torch
import torch.nn.functional as F

from .conditioning import latent_mask, patch_mask


class PixelSpace:
    """Pixels in [-1, 1], p×p of them folded into channels."""

    def __init__(self, patch_size: int):
        self.factor = patch_size  # pixels per sample element
        self.mask_channels = patch_size**2
        self.is_pixels = True

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 3·p², H/p, W/p)"""
        return F.pixel_unshuffle(pixels, self.factor)

    def decode(self, sample: torch.Tensor) -> torch.Tensor:
        """(B, 3·p², h, w) -> (B, 3, h·p, w·p)"""
        return F.pixel_shuffle(sample, self.factor)

    def encode_mask(self, mask: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W) of 0 and 1 -> (B, p², H/p, W/p)"""
        return patch_mask(mask, self.factor)


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

    def encode_mask(self, mask: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W) of 0 and 1 -> (B, 1, H/f, W/f)"""
        return latent_mask(mask, self.factor)

    def _widen(self) -> None:
        """SDXL's autoencoder overflows in float16 and says so in its config."""
        if self.vae.dtype == torch.float16 and self.vae.config.get("force_upcast"):
            self.vae.to(torch.float32)
