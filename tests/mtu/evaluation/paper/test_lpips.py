"""LPIPS: zero, symmetry, a value by hand, and the library's own formula as the oracle."""

import pytest
import torch
import torchmetrics.functional.image.lpips as library
from paper_parts import alexnet_tensors
from safetensors.torch import save_file
from torch import nn

from mtu.evaluation.paper.lpips import LPIPS, SCALE, SHIFT, _alexnet, _vgg16, shipped_heads
from mtu.evaluation.paper.weights import MissingPart


def pictures(side: int = 64) -> torch.Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights")
    save_file(alexnet_tensors(), path / "alexnet.safetensors")
    return path


def test_by_hand():
    """Two 1×1 layers without weights of their own: channels 0 and 1 of a picture of one pixel."""
    pick = nn.Conv2d(3, 2, 1, bias=False)
    pick.weight.data = torch.eye(3)[:2].reshape(2, 3, 1, 1)
    metric = LPIPS(nn.Sequential(pick, nn.ReLU()), (0, 1), [torch.tensor([2.0, 1.0]),
                                                            torch.tensor([0.5, 4.0])])

    def at(first: float, second: float) -> torch.Tensor:
        """The picture whose scaled channels 0 and 1 are these."""
        values = [first * SCALE[0] + SHIFT[0], second * SCALE[1] + SHIFT[1], 0.0]
        return torch.tensor(values).reshape(1, 3, 1, 1)

    # to length 1: (3, 4) → (.6, .8); (−4, 3) → (−.8, .6), behind the ReLU (0, 3) → (0, 1)
    expected = 2 * 1.4**2 + 1 * 0.2**2 + 0.5 * 0.6**2 + 4 * 0.2**2
    assert float(metric(at(3, 4), at(-4, 3))) == pytest.approx(expected, abs=1e-5)


def test_the_same_picture_is_at_zero_and_the_order_does_not_matter(folder):
    metric, (one, two) = LPIPS.from_folder(folder), pictures().split(1)
    assert float(metric(one, one)) == 0
    assert float(metric(one, two)) == float(metric(two, one)) > 0


@pytest.mark.parametrize(("net", "backbone"), [("alex", _alexnet), ("vgg", _vgg16)])
def test_it_is_torchmetrics_formula(net, backbone, monkeypatch):
    torch.manual_seed(0)
    features = backbone().eval()
    # torchmetrics takes its backbone from torchvision; the formula and the heads are its own
    monkeypatch.setattr(library, "_get_tv_model_features", lambda *args: features)
    theirs = library._LPIPS(net=net, pnet_rand=True)
    ours = LPIPS(features, {"alex": (1, 4, 7, 9, 11), "vgg": (3, 8, 15, 22, 29)}[net],
                 shipped_heads(net))
    one, two = pictures().split(1)
    assert float(ours(one, two)) == pytest.approx(float(theirs(one, two)), rel=1e-5)


def test_no_weights_is_said(folder, tmp_path):
    with pytest.raises(MissingPart, match="no alex weights.*alexnet-owt-7be5be79.pth"):
        LPIPS.from_folder(tmp_path)
    with pytest.raises(MissingPart, match="no vgg weights: --metrics-weights DIR"):
        LPIPS.from_folder(None, "vgg")
