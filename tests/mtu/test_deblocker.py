"""What mends the borders of patches: nothing at its start, told where they are, in the pipeline."""

import pytest
import torch
from PIL import Image, ImageFilter
from safetensors.torch import load_file
from tiny_pipelines import PATCH, picture, seeded, tiny_latent_pipeline, tiny_pipeline

from mtu import MTUPipeline, save_delta
from mtu.deblocker import NEAR, Deblocker
from mtu.images import to_tensor


def moved(patch_size: int = PATCH, **settings) -> Deblocker:
    """A small deblocker away from its start."""
    torch.manual_seed(0)
    deblocker = Deblocker((8, 8, 12), (1, 1, 1), patch_size, **settings).eval()
    with torch.no_grad():
        deblocker.conv_out.weight.normal_(0, 0.1)
        deblocker.place.normal_()
    return deblocker


@pytest.mark.parametrize("size", [(32, 32), (48, 16), (16, 80)])
def test_a_fresh_one_leaves_pictures_alone(size):
    source = picture(*size)
    assert Deblocker((8, 8, 8), (1, 1, 1)).mended(source) == source


def test_it_knows_where_in_its_patch_a_pixel_lies():
    checks = 0.9 * (torch.arange(160) % 2 * 2.0 - 1).expand(1, 3, 160, 160)  # alike in all patches
    with torch.no_grad():
        change = (moved(16)(checks) - checks)[..., 64:96, 64:96]  # the borders are seen too
    for shift in ((16, 0), (0, 16)):
        torch.testing.assert_close(change, change.roll(shift, (2, 3)), atol=1e-5, rtol=0)
    assert (change - change.roll(8, 2)).abs().max() > 1e-3


def test_what_is_drawn_is_mended_and_an_enlargement_is_not():
    deblocker = moved()
    plain, mending = tiny_pipeline(), tiny_pipeline(deblocker=deblocker)

    def drawn(pipeline, task, *args):
        return pipeline(task, *args, generator=seeded(1)).images[0]

    before = drawn(plain, "t2i", "a cat")
    after = drawn(mending, "t2i", "a cat")
    assert after == deblocker.mended(before) != before
    source = picture(32, 32)
    assert drawn(mending, "edit", "make it night", source) != \
        drawn(plain, "edit", "make it night", source)
    assert drawn(mending, "sr", "", source) == drawn(plain, "sr", "", source)


def test_bright_grain_stays_where_a_word_asks_for_it():
    dark = Image.new("RGB", (48, 48), (60, 70, 80))
    snowy, spotted = dark.copy(), dark.copy()
    snowy.paste((200, 200, 200), (20, 20, 22, 22))
    spotted.paste((10, 10, 10), (20, 20, 22, 22))

    class Flattening(Deblocker):  # takes all grain out
        def forward(self, pixels):
            return torch.zeros_like(pixels) + to_tensor(dark)[..., :1, :1]

    deblocker = Flattening((8, 8, 8), (1, 1, 1), PATCH, grainy=["rain", "snowy"])
    for prompt in ("a cat in the Rain, at night", "a snowy beach"):
        assert deblocker.mended(snowy, prompt) == snowy
        assert deblocker.mended(spotted, prompt) == dark
        assert deblocker.mended(spotted, prompt, "edit") is spotted
    for prompt in ("", "a rainbow", "snow"):
        assert deblocker.mended(snowy, prompt) == deblocker.mended(snowy, prompt, "edit") == dark
    pipelines = [tiny_pipeline(deblocker=one) for one in (None, deblocker)]
    rain = [pipeline("edit", "a cat in the rain", snowy, generator=seeded(1)).images[0]
            for pipeline in pipelines]
    assert rain[0] == rain[1]


def test_steps_show_what_is_drawn_and_the_last_picture_is_mended():
    deblocker, seen = moved(), []
    run = tiny_pipeline(deblocker=deblocker).steps("t2i", "a cat", generator=seeded(1))

    def kept():
        last = yield from run
        seen.append(last)

    shown = [step.preview for step in kept()]
    assert len(shown) == 3 and seen == [deblocker.mended(shown[-1])]


@pytest.mark.parametrize("packed", [False, True])
def test_saved_with_the_pipeline(packed, tmp_path):
    deblocker = moved(packed=packed)
    tiny_pipeline(deblocker=deblocker).save_pretrained(tmp_path)
    again = MTUPipeline.from_pretrained(tmp_path)
    pixels = to_tensor(picture(32, 32))
    with torch.no_grad():
        change, ours = (mends(pixels) - pixels for mends in (again.deblocker, deblocker))
    assert (change - ours).abs().max() <= (0.05 if packed else 0) * ours.abs().max()
    assert ours.abs().max() > 0.1
    kept = load_file(tmp_path / "deblocker" / "diffusion_pytorch_model.safetensors")
    assert kept["coarse.0.first.weight"].dtype == (torch.int8 if packed else torch.float32)


def test_one_of_other_patches_is_refused():
    with pytest.raises(ValueError, match="patches of 16 pixels"):
        tiny_pipeline(deblocker=moved(16))
    latent = tiny_latent_pipeline()
    with pytest.raises(ValueError, match="deblocker"):
        MTUPipeline(**latent.components | {"deblocker": moved(1 + PATCH - 1)})


def test_a_delta_holds_none(tmp_path):
    pipeline = tiny_pipeline(deblocker=moved(), upcycled_from={"name": "x"})
    with pytest.raises(ValueError, match="cannot hold a deblocker"):
        save_delta(pipeline, tmp_path / "delta")


@pytest.mark.parametrize("change", [9.0, -9.0])
def test_no_pixel_leaves_the_range_of_those_near_it(change):
    deblocker, source = moved(), picture(48, 32)
    with torch.no_grad():
        deblocker.conv_out.bias.fill_(change)
    kind = ImageFilter.MaxFilter if change > 0 else ImageFilter.MinFilter
    assert deblocker.mended(source) == source.filter(kind(2 * NEAR + 1))
