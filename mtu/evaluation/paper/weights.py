"""Weights of the metrics' networks: inert files, read strictly.

The folder of `--metrics-weights` holds, under their published names or converted to safetensors:

    weights-inception-2015-12-05-6726825d.pth  Inception V3 of FID (torch-fidelity v0.2.0's release)
    alexnet-owt-7be5be79.pth                   torchvision's AlexNet, LPIPS's backbone, or
    vgg16-397923af.pth                         torchvision's VGG16
    clip/                                      a CLIPModel of transformers, with its tokenizer

Files of PyTorch are read with `weights_only=True`, so that they can hold nothing but tensors.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

NAMES = {
    "inception": ("weights-inception-2015-12-05-6726825d.pth",
                  "pt_inception-2015-12-05-6726825d.pth", "inception.safetensors"),
    "alex": ("alexnet-owt-7be5be79.pth", "alexnet.safetensors"),
    "vgg": ("vgg16-397923af.pth", "vgg16.safetensors"),
}


class MissingPart(ValueError):
    """Weights or data that a metric needs and does not have; the message is one sentence."""


def find_weights(folder: Path | None, net: str) -> Path:
    """The file of `net` (a key of NAMES) in `folder`; MissingPart if there is none."""
    for name in NAMES[net]:
        if folder is not None and (folder / name).is_file():
            return folder / name
    where = f"{folder} has none of" if folder is not None else "--metrics-weights DIR with"
    raise MissingPart(f"no {net} weights: {where} {', '.join(NAMES[net])}")


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name of a .safetensors or PyTorch file, on the CPU.

    A name that ends in a dash and eight hexadecimal digits, as PyTorch's published files do, says
    how the SHA-256 of the file must begin. ValueError in one sentence for any other file.
    """
    promised = re.search(r"-([0-9a-f]{8})$", path.stem)
    if promised:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not found.startswith(promised[1]):
            raise ValueError(f"{path} is damaged or another file: its SHA-256 begins {found[:8]}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} cannot be read: {reason}") from None
    tensors = tensors if isinstance(tensors, dict) else {}
    if not tensors or not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        raise ValueError(f"{path} is no dictionary of tensors")
    return dict(tensors)


def fill(module: nn.Module, tensors: dict[str, torch.Tensor], origin: str,
         unused: Iterable[str] = ()) -> nn.Module:
    """Put `tensors` into `module`: every one in its place, none left over.

    unused: beginnings or ends of names that the file may hold beside. Returns the module, frozen
    and in evaluation mode. ValueError naming the first tensor at fault.
    """
    beside = ("num_batches_tracked", *unused)
    wanted = {name: value for name, value in module.state_dict().items()
              if not name.endswith("num_batches_tracked")}
    given = {name: value for name, value in tensors.items()
             if not name.startswith(beside) and not name.endswith(beside)}
    for name in sorted(set(wanted) ^ set(given)):
        raise ValueError(f"{origin} {'lacks' if name in wanted else 'has an unknown'} {name}")
    for name, value in wanted.items():
        if value.shape != given[name].shape:
            found, right = tuple(given[name].shape), tuple(value.shape)
            raise ValueError(f"{name} in {origin} is {found}, not {right}")
        value.copy_(given[name])
    return module.requires_grad_(False).eval()
