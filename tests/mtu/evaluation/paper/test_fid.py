"""FID: the distance against closed forms, the network against the library it comes from."""

import numpy as np
import pytest
import torch
from paper_parts import inception_tensors

from mtu.evaluation.paper.fid import FeatureBank, frechet_distance
from mtu.evaluation.paper.inception import Inception, resize_like_tensorflow
from mtu.evaluation.paper.weights import fill


def cloud(mean, covariance) -> torch.Tensor:
    """Points whose mean and unbiased covariance are exactly these."""
    root = torch.linalg.cholesky(torch.tensor(covariance, dtype=torch.float64))
    axes = torch.cat([root.T, -root.T]) * ((2 * len(root) - 1) / 2) ** 0.5
    return axes + torch.tensor(mean, dtype=torch.float64)


def test_two_gaussians_with_axes_in_common():
    one = cloud([1.0, -2.0, 0.5], np.diag([4.0, 1.0, 9.0]))
    two = cloud([0.0, 1.0, 0.5], np.diag([1.0, 1.0, 25.0]))
    assert torch.cov(one.T).numpy() == pytest.approx(np.diag([4.0, 1.0, 9.0]))
    # |(1, −3, 0)|² + (2 − 1)² + (1 − 1)² + (3 − 5)²
    assert frechet_distance(one, two) == pytest.approx(10 + 1 + 0 + 4)


def test_two_correlated_gaussians():
    first, second = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, -0.5], [-0.5, 2.0]])
    # of 2×2 matrices tr (Σ1Σ2)^½ = √(tr Σ1Σ2 + 2·√det Σ1Σ2)
    product = first @ second
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    expected = 1 + 16 + np.trace(first) + np.trace(second) - 2 * root
    found = frechet_distance(cloud([0.0, 0.0], first), cloud([1.0, 4.0], second))
    assert found == pytest.approx(expected)


def test_the_same_set_is_at_distance_zero_and_one_picture_is_no_set():
    points = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(points, points.flip(0)) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="two pictures"):
        frechet_distance(points, points[:1])


@pytest.fixture(scope="module")
def tensors():
    return inception_tensors()


# first four features, mean and deviation that FeatureExtractorInceptionV3 of torch-fidelity 0.4.0
# gives for these weights and this picture (its input side set to 75)
@pytest.mark.parametrize(("width", "begins", "mean", "deviation"), [
    (64, [0.106765, 0.180808, 0.244899, 0.283658], 0.10651, 0.103676),
    (192, [0.688449, 0.000648, 0.0, 1.425282], 0.394841, 0.485394),
    (768, [0.0, 0.53842, 0.59233, 0.0], 0.168455, 0.28348),
    (2048, [0.0, 1.576575, 0.0, 0.143368], 0.141148, 0.290152),
])
def test_the_network_gives_the_features_of_torch_fidelity(tensors, width, begins, mean, deviation):
    network = fill(Inception(width), tensors, "the test")
    picture = (torch.arange(3 * 75 * 75) % 251).reshape(1, 3, 75, 75).float()
    with torch.no_grad():
        (features,) = network.read((picture - 128) / 128)
    assert features.shape == (width,)
    assert features[:4].tolist() == pytest.approx(begins, abs=2e-5)
    assert float(features.mean()) == pytest.approx(mean, abs=2e-5)
    assert float(features.std()) == pytest.approx(deviation, abs=2e-5)


def test_resizing_reads_from_the_corner_as_tensorflow_did():
    row = torch.tensor([0.0, 8.0]).reshape(1, 1, 1, 2).expand(1, 1, 2, 2)
    assert resize_like_tensorflow(row, 4)[0, 0].tolist() == [[0.0, 4.0, 8.0, 8.0]] * 4
    assert torch.equal(resize_like_tensorflow(row, 2), row)


def test_features_do_not_depend_on_how_pictures_come(tensors):
    network = fill(Inception(64), tensors, "the test")
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (24, 24 + 8 * (k == 1), 3), dtype=np.uint8) for k in range(3)]
    bank = FeatureBank(network)
    for picture in pictures:
        bank.add(picture)
    alone = [network(torch.from_numpy(p).permute(2, 0, 1)[None]) for p in pictures]
    torch.testing.assert_close(bank.features(), torch.cat(alone))
