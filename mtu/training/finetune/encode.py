"""Pictures to latents and prompts to embeddings, by the base's frozen encoders, cached or not."""

from pathlib import Path

import torch

from mtu.pipeline import MTUPipeline
from mtu.text import Text

from .cache import TensorCache


class Encoders:
    """A pipeline's autoencoder and text encoders.

    cache: a folder, or None to encode every time. Moments are in float32 unless `dtype` says
    otherwise; a cached entry is then rounded on both roads, the first time too. texts: cache
    embeddings as well. at_once: pictures encoded together.
    """

    def __init__(self, pipe: MTUPipeline, cache: Path | None = None,
                 dtype: torch.dtype = torch.float32, texts: bool = True, at_once: int = 4):
        self.pipe, self.at_once = pipe, at_once
        self.parts = [part for part in (pipe.vae, pipe.text_encoder, pipe.text_encoder_2)
                      if part is not None]
        for part in self.parts:
            part.requires_grad_(False).eval()
        self._latents = self._texts = None
        if cache:
            self._latents = TensorCache(cache / "latents", pipe.vae, dtype)
        if cache and texts:
            self._texts = TensorCache(cache / "texts", torch.nn.ModuleList(self.parts[1:]), dtype)

    def to(self, device: torch.device) -> None:
        for part in self.parts:
            if part.device != device:
                part.to(device)

    def moments(
        self, pictures: torch.Tensor, recurring: list[bool] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """uint8 (B, H, W, 3) on the CPU → mean and standard deviation of the scaled latents'
        posterior, each float32 (B, C, h, w) on the autoencoder's device.

        recurring: which of them will come again and are worth caching; None = all."""
        keys = [None] * len(pictures)
        if self._latents:
            size = str(tuple(pictures.shape[1:])).encode()
            keys = [self._latents.key(size, row.numpy().tobytes()) if again else None
                    for row, again in zip(pictures, recurring or [True] * len(keys), strict=True)]
        found = [self._latents.get(key) if key else None for key in keys]
        missing = [k for k, entry in enumerate(found) if entry is None]
        for start in range(0, len(missing), self.at_once):
            chosen = missing[start : start + self.at_once]
            mean, std = self._encode(pictures[chosen])
            for row, k in enumerate(chosen):
                found[k] = {"mean": mean[row], "std": std[row]}
                if keys[k]:
                    self._latents.put(keys[k], found[k])
                    found[k] = {n: t.to(self._latents.dtype) for n, t in found[k].items()}
        device = self.pipe.vae.device
        mean, std = (torch.stack([entry[name].float().to(device) for entry in found])
                     for name in ("mean", "std"))
        vae = self.pipe.vae.config
        return (mean - (vae.get("shift_factor") or 0.0)) * vae.scaling_factor, \
            std * vae.scaling_factor

    @torch.no_grad()
    def _encode(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        vae = self.pipe.vae
        pixels = pictures.to(vae.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.autocast(vae.device.type, enabled=False):  # SDXL's overflows in half precision
            posterior = vae.encode(pixels.to(vae.dtype)).latent_dist
        return posterior.mean.float(), posterior.std.float()

    def texts(self, prompts: list[str]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """States float32 (B, L, D) and, with SDXL, pooled embeddings (B, P), else None."""
        known = {prompt: self._text(prompt) for prompt in dict.fromkeys(prompts)}
        rows = [known[prompt] for prompt in prompts]
        states = torch.cat([row.states for row in rows])
        if rows[0].pooled is None:
            return states, None
        return states, torch.cat([row.pooled for row in rows])

    def _text(self, prompt: str) -> Text:
        device = self.pipe.unet.device
        if not self._texts:
            return self._encode_text(prompt).to(device, torch.float32)
        key = self._texts.key(prompt.encode())
        entry = self._texts.get(key)
        if entry is None:
            text = self._encode_text(prompt)
            entry = {"states": text.states}
            if text.pooled is not None:
                entry["pooled"] = text.pooled
            self._texts.put(key, entry)
            entry = {name: tensor.to(self._texts.dtype) for name, tensor in entry.items()}
        return Text(entry["states"], None, entry.get("pooled")).to(device, torch.float32)

    def _encode_text(self, prompt: str) -> Text:
        with torch.autocast(self.pipe.text_encoder.device.type, enabled=False):
            return self.pipe.encode_text(prompt)
