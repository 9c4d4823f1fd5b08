"""Figures 2 and 5: rankings and weights that are known, in the file and in the picture."""

import json
import xml.etree.ElementTree as tree

import pytest
import torch
from tiny_pipelines import tiny_latent_pipeline, tiny_pipeline
from tiny_unets import tiny_unet

from mtu import MTUConfig, MTUUNet2DConditionModel
from mtu.evaluation.figures import PARTS, change_norms, main, ranks, router_plot, short
from mtu.evaluation.svg import diverging

ORDER = ["cross V", "FFN", "self Q", "cross K", "self Out", "cross Q", "self V", "cross Out",
         "self K"]  # of the change made below, the largest first


def texts(picture: str) -> list[str]:
    return [node.text for node in tree.fromstring(picture).iter() if node.tag.endswith("}text")]


@pytest.fixture
def pair(tmp_path):
    """A UNet, and the same with each part changed by a known length in every block."""
    unet = tiny_unet("sdxl").float()
    unet.save_pretrained(tmp_path / "base")
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            for part, matrices in PARTS.items():
                for matrix in matrices:
                    if name.endswith(f".{matrix}.weight"):
                        length = (len(ORDER) - ORDER.index(part)) / len(matrices) ** 0.5
                        parameter.add_(length / parameter.numel() ** 0.5)
    unet.save_pretrained(tmp_path / "tuned")
    return tmp_path


def test_the_parts_are_ranked_by_the_length_of_their_change(pair):
    norms = change_norms(pair / "base", pair / "tuned")
    assert len(norms) == 3 * 4 and list(norms)[0].startswith("down") and list(norms)[-1][0] == "u"
    for parts in norms.values():
        expected = {part: len(ORDER) - k for k, part in enumerate(ORDER)}
        assert parts == pytest.approx({part: expected[part] for part in PARTS}, rel=1e-4)
        assert ranks(parts) == {part: 1 + k for k, part in enumerate(ORDER)}


def test_equal_changes_share_a_place():
    assert ranks({"a": 2.0, "b": 0.0, "c": 2.0, "d": 0.0}) == {"a": 1, "b": 3, "c": 1, "d": 3}


def test_the_command_draws_and_says_the_ranks(pair, capsys):
    out = pair / "rank.svg"
    assert main(["rank", "--base", str(pair / "base"), "--tuned", str(pair / "tuned"),
                 "--out", str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["mean_rank"] == {part: 1.0 + ORDER.index(part) for part in PARTS}
    words = texts(out.read_text())
    assert "cross V  ⌀ 1.0" in words and "self K  ⌀ 9.0" in words
    assert words.count("1") == words.count("9") == 12


def test_an_upcycled_model_is_compared_with_its_base(tmp_path):
    pipe = tiny_latent_pipeline()
    pipe.save_pretrained(tmp_path / "model")
    unet = pipe.unet.fold("t2i")  # shares what is frozen
    unet.save_pretrained(tmp_path / "base")
    for parts in change_norms(tmp_path / "base", tmp_path / "model").values():
        assert parts["FFN"] > 0
        assert {value for part, value in parts.items() if part != "FFN"} == {0.0}


def test_router_weights_are_those_of_each_task():
    """Logits that do not depend on the task's embedding: the shares of every task are known."""
    shares = torch.tensor([0.1, 0.2, 0.3, 0.4])
    unet = tiny_pipeline().unet
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if ".router.fc2." in name:
                parameter.copy_(shares.log() if name.endswith("bias") else 0)
    words = texts(router_plot(unet))
    blocks = unet.router_weights().shape[1]
    for value in ("0.10", "0.20", "0.30", "0.40"):
        assert words.count(value) == 4 * blocks
    titles = [word for word in words if word.endswith("weight of each expert")]
    assert [title.split(":")[0] for title in titles] == list(unet.task_names)


def test_blocks_stand_from_top_to_bottom_of_the_unet():
    unet = tiny_unet("sd15", mid_block_type="UNetMidBlock2DCrossAttn").float()
    mtu = MTUUNet2DConditionModel.from_unet(unet, MTUConfig())
    routers = [block.ff.router for block in (mtu.down_blocks[0].attentions[0].transformer_blocks[0],
                                             mtu.mid_block.attentions[0].transformer_blocks[0])]
    with torch.no_grad():
        for share, router in zip((0.7, 0.4), routers, strict=True):
            router.fc2.bias.copy_(torch.tensor([share, *[(1 - share) / 3] * 3]).log())
    words = texts(router_plot(mtu))
    first = words.index("expert 1")
    assert words[first + 1 : first + 5] == ["0.70", "0.40", "0.25", "0.25"]
    assert [word for word in words if word[:2] in ("d0", "m.")][:2] == ["d0.0.0", "m.0.0"]


def test_names_and_colours():
    assert short("up_blocks.1.attentions.2.transformer_blocks.10") == "u1.2.10"
    assert short("mid_block.attentions.0.transformer_blocks.0") == "m.0.0"
    assert diverging(0) == "#f7f7f7" and diverging(2) == diverging(1) != diverging(-1)


@pytest.mark.parametrize(("arguments", "says"), [
    (["rank", "--base", "BASE", "--tuned", "/nowhere", "--out", "OUT"], "no model at /nowhere"),
    (["rank", "--base", "BASE", "--tuned", "OTHER", "--out", "OUT"], "they must agree"),
    (["rank", "--base", "BASE", "--tuned", "EMPTY", "--out", "OUT"], "holds no UNet"),
    (["rank", "--base", "BASE", "--tuned", "BASE", "--out", "EMPTY"], "directory"),
    (["router", "--model", "/nowhere", "--out", "OUT"], "no model at /nowhere"),
    (["router", "--out", "OUT"], "--model"),
    (["other"], "invalid choice"),
])
def test_bad_input_is_one_line_and_status_2(pair, capsys, arguments, says):
    (pair / "empty").mkdir()
    tiny_unet("sd15").save_pretrained(pair / "other")
    capsys.readouterr()  # what saving says
    places = {"BASE": pair / "base", "OTHER": pair / "other", "EMPTY": pair / "empty",
              "OUT": pair / "out.svg"}
    try:
        status = main([str(places.get(word, word)) for word in arguments])
    except SystemExit as stop:  # argparse's own way out
        status = stop.code
    error = capsys.readouterr().err
    assert status == 2 and says in error and error.count("\n") == 1
