"""A cache of tensors on disk: one safetensors file per entry, named by what it was made of."""

import os
from hashlib import blake2b
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn


class TensorCache:
    """Entries of one frozen encoder, under folder/ab/abcdef….safetensors.

    maker: the encoder; its weights are part of every key, so that an entry of another one is
    never found. Entries appear whole or not at all, and an unreadable one counts as absent, so a
    killed run finds what it had made; processes may share a folder.
    """

    def __init__(self, folder: Path, maker: nn.Module, dtype: torch.dtype = torch.float32):
        self.folder, self.dtype = folder, dtype
        self._maker = fingerprint(maker)

    def key(self, *content: bytes) -> str:
        """The name of the entry made of `content`."""
        digest = blake2b(self._maker, digest_size=20)
        for part in content:
            digest.update(len(part).to_bytes(8, "big") + part)
        return f"{digest.hexdigest()}-{str(self.dtype).removeprefix('torch.')}"

    def get(self, key: str) -> dict[str, torch.Tensor] | None:
        """The tensors of an entry in float32, or None."""
        try:
            return {k: v.float() for k, v in load_file(self._file(key)).items()}
        except (OSError, SafetensorError):
            return None

    def put(self, key: str, tensors: dict[str, torch.Tensor]) -> None:
        """Write an entry, in the cache's precision."""
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        plain = {k: v.detach().to("cpu", self.dtype).contiguous() for k, v in tensors.items()}
        save_file(plain, part)
        os.replace(part, file)

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"


def fingerprint(module: nn.Module) -> bytes:
    """20 bytes that name the module's weights: their names, shapes and values."""
    digest = blake2b(digest_size=20)
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.digest()
