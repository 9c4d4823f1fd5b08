"""LPIPS (Zhang et al. 2018, "The unreasonable effectiveness of deep features", eq. 1).

The linear heads are those that torchmetrics ships. The backbones are torchvision's AlexNet and
VGG16, laid out here so that their weight files are all that is needed: torchvision is compiled
for one build of PyTorch and does not import beside another.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from .weights import MissingPart, fill, find_weights, read_tensors

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # ImageNet's, for [-1, 1]
TAPS = {"alex": (1, 4, 7, 9, 11), "vgg": (3, 8, 15, 22, 29)}  # the ReLUs that are compared


class LPIPS(nn.Module):
    """Perceptual distance (B,) of pictures (B, 3, H, W) in [-1, 1]; 0 for the same picture.

    features: the backbone. taps: indices of the layers compared. heads: a weight per channel of
    each, (C,), none negative.
    """

    def __init__(self, features: nn.Sequential, taps: Sequence[int],
                 heads: Sequence[torch.Tensor]):
        super().__init__()
        self.features, self.taps = features, tuple(taps)
        self.heads = nn.ParameterList([nn.Parameter(head, requires_grad=False) for head in heads])
        self.register_buffer("shift", torch.tensor(SHIFT).reshape(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(SCALE).reshape(1, 3, 1, 1))

    @classmethod
    def from_folder(cls, folder: Path | None, net: str = "alex") -> "LPIPS":
        """The metric over the backbone "alex" or "vgg" whose file is in `folder`.

        MissingPart if there is no such file, ValueError if its weights do not fit.
        """
        path, backbone = find_weights(folder, net), nn.Sequential()
        backbone.add_module("features", _alexnet() if net == "alex" else _vgg16())
        fill(backbone, read_tensors(path), str(path), unused=("classifier.",))
        return cls(backbone.features, TAPS[net], shipped_heads(net)).eval()

    @torch.no_grad()
    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        distance = torch.zeros(len(first), device=first.device)
        for head, one, two in zip(self.heads, self._read(first), self._read(second), strict=True):
            difference = (one - two).square()  # (B, C, h, w)
            distance = distance + (head.reshape(-1, 1, 1) * difference).sum(1).mean((1, 2))
        return distance

    def _read(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The tapped layers, each pixel's channels brought to length 1."""
        x, read = (x - self.shift) / self.scale, []
        for index, layer in enumerate(self.features[: max(self.taps) + 1]):
            x = layer(x)
            if index in self.taps:
                read.append(x / (x.square().sum(1, keepdim=True) + 1e-8).sqrt())
        return read


def shipped_heads(net: str) -> list[torch.Tensor]:
    """The heads of LPIPS 0.1, (C,) for each layer, out of the installed torchmetrics."""
    import torchmetrics

    path = Path(torchmetrics.__file__).parent / "functional/image/lpips_models" / f"{net}.pth"
    if not path.is_file():
        raise MissingPart(f"no LPIPS heads: this torchmetrics has no {path.name}")
    tensors = read_tensors(path)
    return [tensors[f"lin{k}.model.1.weight"].flatten() for k in range(len(TAPS[net]))]


def _alexnet() -> nn.Sequential:
    layers = [nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    layers += [nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    for inner, outer in ((192, 384), (384, 256), (256, 256)):
        layers += [nn.Conv2d(inner, outer, 3, 1, 1), nn.ReLU()]
    return nn.Sequential(*layers)


def _vgg16() -> nn.Sequential:
    layers, inner = [], 3
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            layers += [nn.Conv2d(inner, width, 3, 1, 1), nn.ReLU()]
            inner = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers[:-1])
