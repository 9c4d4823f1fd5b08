"""The Inception V3 that FID is defined on, without the library that it comes from.

The network of 2015-12-05 as TensorFlow ran it, which differs from torchvision's in four places:
pictures are resized without half-pixel centres, average pooling leaves the padding out, the last
block pools by maximum, and there are 1008 classes (not used here). Parameter names are those of
torch-fidelity's and pytorch-fid's weight file; torch-fidelity itself would bring torchvision
along and reads that file with pickle.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from .weights import fill, read_tensors

SIDE = 299
FEATURES = (64, 192, 768, 2048)  # widths of the layers that can be read; FID's is the last
_STEM = (("Conv2d_1a_3x3", 3, 32, 3, 2, 0), ("Conv2d_2a_3x3", 32, 32, 3, 1, 0),
         ("Conv2d_2b_3x3", 32, 64, 3, 1, 1), ("Conv2d_3b_1x1", 64, 80, 1, 1, 0),
         ("Conv2d_4a_3x3", 80, 192, 3, 1, 0))


class _Unit(nn.Module):
    """Convolution, batch norm, ReLU. Padding keeps the size, unless the stride halves it."""

    def __init__(self, inner: int, outer: int, kernel, stride: int = 1, padding=None):
        super().__init__()
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        same = tuple(side // 2 for side in sides) if stride == 1 else 0
        self.conv = nn.Conv2d(inner, outer, sides, stride, same if padding is None else padding,
                              bias=False)
        self.bn = nn.BatchNorm2d(outer, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.bn(self.conv(x)))


class _Block(nn.Module):
    """Parallel chains of units and a pooling branch, concatenated.

    chains: of (name, width, kernel) or (name, width, kernel, stride); a list instead of a link
    ends the chain in a fork. pool: "avg" or "max" followed by a unit of `pool_width`, or "half".
    """

    def __init__(self, inner: int, chains: list, pool: str, pool_width: int = 0):
        super().__init__()
        self.chains, self.pool = [], pool
        for chain in chains:
            width, names = inner, []
            for link in chain:
                fork = link if isinstance(link, list) else [link]
                for name, outer, *shape in fork:
                    self.add_module(name, _Unit(width, outer, *shape))
                names.append([name for name, *_ in fork])
                width = fork[0][1]
            self.chains.append(names)
        if pool_width:
            self.branch_pool = _Unit(inner, pool_width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outs = []
        for names in self.chains:
            h = x
            for fork in names:
                h = torch.cat([getattr(self, name)(h) for name in fork], 1)
            outs.append(h)
        if self.pool == "half":
            outs.append(F.max_pool2d(x, 3, 2))
        elif self.pool == "max":
            outs.append(self.branch_pool(F.max_pool2d(x, 3, 1, 1)))
        else:
            pooled = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
            outs.append(self.branch_pool(pooled))
        return torch.cat(outs, 1)


def _a(inner: int, pool_width: int) -> _Block:
    double = [(f"branch3x3dbl_{k}", width, size) for k, width, size in
              ((1, 64, 1), (2, 96, 3), (3, 96, 3))]
    chains = [[("branch1x1", 64, 1)], [("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)], double]
    return _Block(inner, chains, "avg", pool_width)


def _b() -> _Block:
    double = [("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3, 2)]
    return _Block(288, [[("branch3x3", 384, 3, 2)], double], "half")


def _c(middle: int) -> _Block:
    row, column = (1, 7), (7, 1)
    once = [("branch7x7_1", middle, 1), ("branch7x7_2", middle, row),
            ("branch7x7_3", 192, column)]
    shapes = zip((1, column, row, column, row), (*(middle,) * 4, 192), strict=True)
    twice = [(f"branch7x7dbl_{k + 1}", width, shape) for k, (shape, width) in enumerate(shapes)]
    return _Block(768, [[("branch1x1", 192, 1)], once, twice], "avg", 192)


def _d() -> _Block:
    once = [("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3, 2)]
    long = [("branch7x7x3_1", 192, 1), ("branch7x7x3_2", 192, (1, 7)),
            ("branch7x7x3_3", 192, (7, 1)), ("branch7x7x3_4", 192, 3, 2)]
    return _Block(768, [once, long], "half")


def _e(inner: int, pool: str) -> _Block:
    once = [("branch3x3_1", 384, 1),
            [("branch3x3_2a", 384, (1, 3)), ("branch3x3_2b", 384, (3, 1))]]
    twice = [("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3),
             [("branch3x3dbl_3a", 384, (1, 3)), ("branch3x3dbl_3b", 384, (3, 1))]]
    return _Block(inner, [[("branch1x1", 320, 1)], once, twice], pool, 192)


class Inception(nn.Module):
    """uint8 pictures (B, 3, H, W) -> features (B, num_features); 64, 192, 768 or 2048 of them.

    Fewer than 2048 are for few pictures: a covariance of 2048 wants several thousand.
    """

    def __init__(self, num_features: int = 2048):
        super().__init__()
        if num_features not in FEATURES:
            known = ", ".join(map(str, FEATURES))
            raise ValueError(f"FID has {known} features to choose from, not {num_features}")
        self.num_features = num_features
        for name, inner, outer, kernel, stride, padding in _STEM:
            self.add_module(name, _Unit(inner, outer, kernel, stride, padding))
        blocks = {"5b": _a(192, 32), "5c": _a(256, 64), "5d": _a(288, 64), "6a": _b(),
                  "6b": _c(128), "6c": _c(160), "6d": _c(160), "6e": _c(192), "7a": _d(),
                  "7b": _e(1280, "avg"), "7c": _e(2048, "max")}
        self.mixed = [f"Mixed_{name}" for name in blocks]
        for name, block in blocks.items():
            self.add_module(f"Mixed_{name}", block)

    @classmethod
    def from_file(cls, path: Path, num_features: int = 2048) -> "Inception":
        """The network with the weights in `path`; ValueError if they are not its."""
        return fill(cls(num_features), read_tensors(path), str(path), unused=("fc.",))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        resized = resize_like_tensorflow(pictures.float(), SIDE)
        return self.read((resized - 128) / 128)

    def read(self, x: torch.Tensor) -> torch.Tensor:
        """The chosen layer's mean over the picture; x: (B, 3, H, W) in [-1, 1], sides >= 75."""
        x = F.max_pool2d(self._stem(x, 0, 3), 3, 2)
        if self.num_features > 64:
            x = F.max_pool2d(self._stem(x, 3, 5), 3, 2)
        if self.num_features > 192:
            for name in self.mixed[: 8 if self.num_features == 768 else None]:
                x = getattr(self, name)(x)
        return x.mean((2, 3))

    def _stem(self, x: torch.Tensor, first: int, last: int) -> torch.Tensor:
        for name, *_ in _STEM[first:last]:
            x = getattr(self, name)(x)
        return x


def resize_like_tensorflow(x: torch.Tensor, side: int) -> torch.Tensor:
    """Bilinear (B, C, H, W) -> (B, C, side, side) as TensorFlow 1 does without align_corners:
    target pixel k reads source position k·H/side, and there is no smoothing."""
    for axis in (2, 3):
        length = x.shape[axis]
        at = torch.arange(side, dtype=torch.float32, device=x.device) * (length / side)
        low = at.long()
        high = (low + 1).clamp_max(length - 1)
        share = (at - low).reshape((-1, 1) if axis == 2 else (-1,))
        below, above = x.index_select(axis, low), x.index_select(axis, high)
        x = below + (above - below) * share
    return x
