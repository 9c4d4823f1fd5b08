"""A delta is what the base has not, goes with that base only, and finds it again."""

import json
import shutil

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from tiny_peers import sd15_peer, sdxl_peer
from tiny_pipelines import picture, seeded

from mtu import MTUConfig, MTUPipeline, MTUUNet2DConditionModel, mark_trained, save_delta
from mtu.delta import delta_state, weights_hash
from mtu.single_file import CONFIGS
from mtu.upcycle import main, upcycle


@pytest.fixture
def base(tmp_path):
    sd15_peer().save_pretrained(tmp_path / "models" / "plain")
    return tmp_path / "models" / "plain"


def drawn(pipeline, task="t2i", **request) -> bytes:
    request |= {"num_inference_steps": 2, "generator": seeded(1)}
    return pipeline(task, "a cat", **request).images[0].tobytes()


def files(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_delta_and_its_base_are_the_whole_model(base, tmp_path):
    assert main(["--base", str(base), "--out", str(tmp_path / "delta"), "--delta"]) == 0
    assert files(tmp_path / "delta") == ["delta.safetensors", "model_index.json"]
    upcycle(base, tmp_path / "whole")
    delta = MTUPipeline.from_pretrained(tmp_path / "delta")
    whole = MTUPipeline.from_pretrained(tmp_path / "whole")
    assert delta.trained_tasks == whole.trained_tasks == {"t2i"}
    assert delta.unet.mtu_config == whole.unet.mtu_config
    settings = {name: value for name, value in whole.config.items() if name[0] != "_"}
    assert {name: delta.config[name] for name in settings} == settings
    delta16, whole16 = (p.unet.half().state_dict() for p in (delta, whole))
    assert delta16.keys() == whole16.keys()
    assert all(torch.equal(delta16[name], whole16[name]) for name in whole16)


@pytest.mark.parametrize("peer", [sd15_peer, sdxl_peer])
@pytest.mark.parametrize("experts", [1, 4])
def test_a_trained_model_becomes_a_delta_and_draws_the_same(peer, experts, tmp_path):
    peer().save_pretrained(tmp_path / "base")
    upcycle(tmp_path / "base", tmp_path / "whole", num_experts=experts)
    whole = MTUPipeline.from_pretrained(tmp_path / "whole")
    torch.manual_seed(4)
    with torch.no_grad():
        for parameter in whole.unet.trainable_parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    mark_trained(whole, ["edit", "sr"])
    save_delta(whole, tmp_path / "delta", torch.float32)
    delta = MTUPipeline.from_pretrained(tmp_path / "delta")
    assert delta.trained_tasks == {"t2i", "edit", "sr"}
    assert drawn(delta) == drawn(whole)
    source = picture(32, 32)
    assert drawn(delta, "edit", image=source) == drawn(whole, "edit", image=source)
    whole.save_pretrained(tmp_path / "trained")
    arguments = ["--base", str(tmp_path / "trained"), "--delta", "--dtype", "fp32"]
    assert main([*arguments, "--out", str(tmp_path / "again")]) == 0
    assert files(tmp_path / "again") == files(tmp_path / "delta")
    for name in files(tmp_path / "delta"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "delta" / name).read_bytes()


def test_it_holds_exactly_what_the_base_has_not(base, tmp_path):
    upcycle(base, tmp_path / "delta", delta=True)
    unet = MTUPipeline.from_pretrained(tmp_path / "delta").unet
    saved = load_file(tmp_path / "delta" / "delta.safetensors")
    assert saved.keys() == {n for n, p in unet.named_parameters() if p.requires_grad}
    assert {tensor.dtype for tensor in saved.values()} == {torch.float16}


def test_another_base_is_refused_by_name(base, tmp_path):
    upcycle(base, tmp_path / "delta", delta=True)
    for name, peer in (("other", sd15_peer(layers_per_block=2)), ("tuned", sd15_peer())):
        if name == "tuned":
            peer.unet.conv_out.bias.data += 1.0
        peer.save_pretrained(tmp_path / name)
        with pytest.raises(ValueError) as refusal:
            MTUPipeline.from_pretrained(tmp_path / "delta", base=tmp_path / name)
        assert str(refusal.value) == (
            f"This delta was made for {base.resolve()}, not {(tmp_path / name).resolve()}."
        )


def test_the_base_in_half_precision_is_the_same_base(base, tmp_path):
    upcycle(base, tmp_path / "delta", delta=True)
    sd15_peer().to(torch.float16).save_pretrained(tmp_path / "half")
    MTUPipeline.from_pretrained(tmp_path / "delta", base=tmp_path / "half")
    unet = sd15_peer().unet
    assert weights_hash(unet) == weights_hash(unet.half())
    unet.conv_out.bias.data[0] += 0.01
    assert weights_hash(unet) != weights_hash(sd15_peer().unet)


def test_the_base_is_found_where_it_was_or_beside_the_delta(base, tmp_path):
    upcycle(base, tmp_path / "delta", delta=True)
    shutil.move(base, tmp_path / "plain")
    MTUPipeline.from_pretrained(tmp_path / "delta")
    shutil.move(tmp_path / "plain", tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"made for .*/models/plain, which is not there"):
        MTUPipeline.from_pretrained(tmp_path / "delta")
    MTUPipeline.from_pretrained(tmp_path / "delta", base=tmp_path / "elsewhere")


def test_a_delta_that_does_not_fit_is_refused(base, tmp_path):
    upcycle(base, tmp_path / "delta", delta=True)
    weights = tmp_path / "delta" / "delta.safetensors"
    whole = load_file(weights)
    for broken in (
        {name: tensor for name, tensor in whole.items() if name != "task_embedding"},
        whole | {"task_embedding": torch.zeros(3, 3)},
        whole | {"conv_out.bias": torch.zeros(4)},
    ):
        save_file(broken, weights)
        with pytest.raises(ValueError, match="does not fit its base: (task_embedding|conv_out)"):
            MTUPipeline.from_pretrained(tmp_path / "delta")
    weights.write_bytes(b"hello")
    with pytest.raises(ValueError, match="cannot be read"):
        MTUPipeline.from_pretrained(tmp_path / "delta")


def test_what_needs_no_base_or_has_none_is_refused(base, tmp_path, capsys):
    upcycle(base, tmp_path / "whole")
    with pytest.raises(ValueError, match="only a delta needs its base"):
        MTUPipeline.from_pretrained(tmp_path / "whole", base=base)
    index = json.loads((tmp_path / "whole" / "model_index.json").read_text())
    del index["upcycled_from"]
    (tmp_path / "whole" / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match="base of this model is not recorded"):
        save_delta(MTUPipeline.from_pretrained(tmp_path / "whole"), tmp_path / "delta")
    arguments = ["--base", str(base / "unet"), "--out", str(tmp_path / "delta"), "--delta"]
    assert main(arguments) == 2
    assert "is a UNet alone" in capsys.readouterr().err
    assert not (tmp_path / "delta").exists()


@pytest.mark.parametrize(("name", "experts", "megabytes"), [("sd15", 4, 298), ("sdxl", 1, 2461)])
def test_the_size_of_a_full_size_delta(name, experts, megabytes):
    """In float16 and 10⁶ bytes, counted on the meta device."""
    config = json.loads((CONFIGS / f"{name}.json").read_text())["unet"]
    with torch.device("meta"):
        base = UNet2DConditionModel.from_config(config)
    unet = MTUUNet2DConditionModel.from_unet(base, MTUConfig(experts))
    size = sum(2 * tensor.numel() for tensor in delta_state(unet).values())
    assert round(size / 1e6) == megabytes
