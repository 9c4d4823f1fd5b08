"""Experts, router, norms and input convolutions against their plain definitions."""

import pytest
import torch
import torch.nn.functional as F
from diffusers.models.attention import FeedForward
from diffusers.models.normalization import FP32LayerNorm
from tiny_unets import relative_error
from torch import nn

from mtu import MTUConfig, condition_layout
from mtu.experts import ExpertFeedForward
from mtu.inputs import TaskConv
from mtu.norms import TaskLayerNorm
from mtu.router import Router
from mtu.rows import Rows

TASKS = (2, 0, 1, 0)
TABLE = torch.randn(3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def rows() -> Rows:
    torch.manual_seed(0)
    rows = Rows()
    rows.set(TASKS, TABLE)
    return rows


@pytest.mark.parametrize(
    "activation",
    ["geglu", "gelu", "gelu-approximate", "swiglu", "linear-silu", "geglu-approximate"],
)
@pytest.mark.parametrize("init", ["preserving", "paper"])
def test_dense_layer_is_the_sum_of_its_experts(rows, activation, init):
    n, ff = 4, FeedForward(8, activation_fn=activation).double()
    router = Router(6, 5, n, init).double()
    nn.init.normal_(router.fc2.weight)
    experts = ExpertFeedForward(ff, router, n, rows)
    x = torch.randn(len(TASKS), 7, 8, dtype=torch.float64)

    w1, b1, w2 = ff.net[0].proj.weight, ff.net[0].proj.bias, ff.net[2].weight
    halves = len(w1) // w2.shape[1]  # GEGLU: value rows, then gate rows
    weights = router.fc2(F.relu(router.fc1(TABLE))).softmax(-1)
    gates = weights * (n if init == "preserving" else 1)

    def expert(i, x):
        one = FeedForward(8, inner_dim=32 // n, activation_fn=activation).double()
        shard = slice(i * 32 // n, (i + 1) * 32 // n)
        one.net[0].proj.weight.data = torch.cat([half[shard] for half in w1.chunk(halves)])
        one.net[0].proj.bias.data = torch.cat([half[shard] for half in b1.chunk(halves)])
        one.net[2].weight.data = w2[:, shard].clone()
        one.net[2].bias.data.zero_()
        return one(x)

    expected = torch.stack(
        [sum(gates[t, i] * expert(i, x[b]) for i in range(n)) for b, t in enumerate(TASKS)]
    )
    assert relative_error(experts(x), expected + ff.net[2].bias) < 1e-12


def test_preserving_init_changes_nothing_and_paper_init_scales_the_branch(rows):
    ff = FeedForward(8).double()
    x = torch.randn(len(TASKS), 7, 8, dtype=torch.float64)
    preserving = ExpertFeedForward(ff, Router(6, 5, 4, "preserving").double(), 4, rows)
    paper = ExpertFeedForward(ff, Router(6, 5, 4, "paper").double(), 4, rows)
    assert relative_error(preserving(x), ff(x)) < 1e-15
    bias = ff.net[2].bias
    ratio = (paper(x) - bias).norm() / (ff(x) - bias).norm()
    assert 0.2 < ratio < 0.4  # near 1/N


def test_layers_that_cannot_be_split_are_refused(rows):
    ff = FeedForward(8)
    with pytest.raises(ValueError, match="5 experts do not divide the width 32"):
        ExpertFeedForward(ff, Router(6, 5, 5, "paper"), 5, rows)
    ff.net[0] = nn.Sequential(nn.Linear(8, 32), nn.Softmax(dim=-1))  # units depend on one another
    with pytest.raises(ValueError, match="cannot split a Sequential feed-forward"):
        ExpertFeedForward(ff, Router(6, 5, 4, "paper"), 4, rows)


def test_router_weights_sum_to_one_and_ignore_autocast():
    router = Router(6, 5, 4, "paper")
    table = torch.randn(3, 6)
    with torch.autocast("cpu", torch.bfloat16):
        weights = router.weights(table)
    assert weights.dtype == torch.float32
    assert torch.equal(weights, router.weights(table))
    torch.testing.assert_close(weights.sum(-1), torch.ones(3))


def test_each_row_gets_its_tasks_norm(rows):
    norm = nn.LayerNorm(8, eps=1e-3).double()
    norms = TaskLayerNorm(norm, 3, rows)
    x = torch.randn(len(TASKS), 7, 8, dtype=torch.float64)
    assert relative_error(norms(x), norm(x)) < 1e-14
    with torch.no_grad():
        norms.weight.normal_()
        norms.bias.normal_()
    for b, t in enumerate(TASKS):
        expected = F.layer_norm(x[b], (8,), norms.weight[t], norms.bias[t], eps=1e-3)
        assert relative_error(norms(x)[b], expected) < 1e-14


def test_a_norm_in_float32_stays_one(rows):
    norm = FP32LayerNorm(8).double()
    nn.init.normal_(norm.weight)
    norms = TaskLayerNorm(norm, 3, rows)
    x = torch.randn(len(TASKS), 7, 8, dtype=torch.float64)
    assert relative_error(norms(x), norm(x)) < 1e-6
    rows.set((1,) * len(TASKS), TABLE)
    assert torch.equal(norms(x), norm(x))


def test_rows_are_dim_0_whatever_lies_between_and_must_be_as_many_as_the_tasks(rows):
    ff = FeedForward(8).double()
    experts = ExpertFeedForward(ff, Router(6, 5, 4, "paper").double(), 4, rows)
    layers = experts, TaskLayerNorm(nn.LayerNorm(8).double(), 3, rows)
    x = torch.randn(len(TASKS), 4, 5, 8, dtype=torch.float64)
    for layer in layers:
        flat = layer(x.flatten(1, 2)).view(x.shape)
        torch.testing.assert_close(layer(x), flat)
        with pytest.raises(ValueError, match="reached a layer as 8 rows; run one task at a time"):
            layer(torch.cat([x, x]))


def test_each_row_gets_its_tasks_layer_over_tokens(rows):
    linear = nn.Linear(4, 8, bias=False).double()
    layers = TaskConv(linear, {"t2i": 0, "edit": 2, "inpaint": 3}, rows)
    x = torch.randn(len(TASKS), 7, 7, dtype=torch.float64)
    assert relative_error(layers(x), linear(x[..., :4])) < 1e-14
    nn.init.normal_(layers["inpaint"].weight)
    for b, t in enumerate(TASKS):
        own = list(layers.values())[t]
        assert relative_error(layers(x)[b], own(x[b, :, : own.in_features])) < 1e-14


@pytest.mark.parametrize("kernel", [1, 3])
def test_each_row_gets_its_tasks_convolution_in_its_place(rows, kernel):
    conv = nn.Conv2d(4, 8, kernel, padding=kernel // 2).double()
    convs = TaskConv(conv, {"t2i": 0, "edit": 2, "inpaint": 3}, rows)
    assert [c.in_channels for c in convs.values()] == [4, 6, 7]
    x = torch.randn(len(TASKS), 7, 5, 5, dtype=torch.float64)
    assert relative_error(convs(x), conv(x[:, :4])) < 1e-14
    nn.init.normal_(convs["inpaint"].weight)
    for b, t in enumerate(TASKS):
        own = list(convs.values())[t]
        assert relative_error(convs(x)[b], own(x[b : b + 1, : own.in_channels])[0]) < 1e-14


def test_config_round_trips_in_task_order_and_refuses_nonsense():
    config = MTUConfig(num_experts=2, tasks={"t2i": 0, "sr": 5, "edit": 3}, init="paper")
    again = MTUConfig.from_dict(config.to_dict())
    assert again == config
    assert again.task_names == ("t2i", "sr", "edit")
    assert condition_layout(768, 256) == {"t2i": 0, "edit": 769, "sr": 769, "inpaint": 1026}
    for wrong in (
        {"num_experts": 0},
        {"num_experts": 2.0},
        {"init": "random"},
        {"tasks": {}},
        {"tasks": {"t 2 i": 0}},
        {"tasks": {"t2i": -1}},
        {"router_hidden_dim": True},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong)).rstrip("s")):
            MTUConfig(**wrong)
    with pytest.raises(ValueError, match="experts"):
        MTUConfig.from_dict({"experts": 4})
