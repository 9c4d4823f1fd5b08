"""What makes enlargements sharp: steeper edges, no halos, the same in tiles, in the pipeline."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from safetensors.torch import load_file
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import MTUPipeline, save_delta
from mtu.familiar import strangeness
from mtu.images import to_pil, to_tensor
from mtu.sharpener import FAINT, NEAR, TILE, Sharpener
from mtu.stem import Stem


def moved(**settings) -> Sharpener:
    """A small sharpener away from its start."""
    torch.manual_seed(0)
    sharpener = Sharpener((8, 8, 12), (1, 1, 1), **settings).eval()
    with torch.no_grad():
        sharpener.conv_out.weight.normal_(0, 0.1)
    return sharpener


@pytest.fixture
def ramp() -> Image.Image:
    """A soft edge between two greys, and ground on both sides."""
    row = np.interp(np.arange(48), [22, 26], [60, 180]).round().astype(np.uint8)
    return Image.fromarray(np.broadcast_to(row[None, :, None], (40, 48, 3)).copy())


@pytest.mark.parametrize("size", [(32, 32), (37, 21), (5, 90)])
def test_a_fresh_one_leaves_pictures_of_any_size_alone(size):
    source = picture(*size)
    assert Sharpener((8, 8, 8), (1, 1, 1)).sharpened(source, 2) == source


def test_edges_grow_steeper_and_get_no_halo(ramp):
    sharpener = Sharpener((8, 8, 8), (1, 1, 1), steepness={"4": [3, 2.0]})
    before, after = (np.asarray(shown)[20, :, 0].astype(int)
                     for shown in (ramp, sharpener.sharpened(ramp, 4)))
    assert np.diff(after).max() > 1.3 * np.diff(before).max()
    assert after.min() == 60 and after.max() == 180 and (np.diff(after) >= 0).all()
    assert sharpener.sharpened(ramp, 2) == ramp  # a scale that it says nothing of


def test_of_what_is_not_known_only_strong_changes_are_made():
    sharpener = Sharpener((8, 8, 8), (1, 1, 1), steepness={"2": [2, 1.0]})
    pixels = torch.rand(1, 3, 48, 48) * 2 - 1  # everything has brighter and darker ones beside it
    for levels, made in ((FAINT[0] - 1, 0.0), (sum(FAINT) / 2, 0.5), (FAINT[1] + 1, 1.0)):
        with torch.no_grad():
            sharpener.conv_out.bias.fill_(levels / 127.5)
            change = sharpener.sharp(pixels, 2, known=False) - pixels
        assert float(change.median()) * 127.5 == pytest.approx(made * levels, abs=0.3)


@pytest.mark.parametrize("change", [9.0, -9.0])
def test_no_pixel_leaves_the_range_of_those_near_it(change):
    sharpener, source = moved(), picture(48, 32)
    with torch.no_grad():
        sharpener.conv_out.bias.fill_(change)
    kind = ImageFilter.MaxFilter if change > 0 else ImageFilter.MinFilter
    assert sharpener.sharpened(source, 2) == source.filter(kind(2 * NEAR + 1))


@pytest.mark.parametrize("size", [(TILE + 40, 48), (24, 2 * TILE + 16)])
@pytest.mark.parametrize("known", [True, False])
def test_tiles_are_the_whole(size, known):
    sharpener, source = moved(steepness={"2": [2, 0.5]}), picture(*size)
    with torch.no_grad():
        whole = to_pil(sharpener.sharp(to_tensor(source), 2, known))
    tiled = sharpener.sharpened(source, 2, known)
    difference = abs(np.asarray(tiled).astype(int) - np.asarray(whole))
    assert tiled != source and difference.max() <= 1 and (difference > 0).mean() < 1e-3


def test_steps_show_the_tiles_as_they_come():
    sharpener, source = moved(), picture(TILE + 8, 2 * TILE + 8)
    steps = list(sharpener.steps(source, 2))
    assert [(step.index, step.of) for step in steps] == [(k, 6) for k in range(1, 7)]
    coarse = np.s_[::3, ::3]
    made = np.asarray(sharpener.sharpened(source, 2))[coarse]
    side = -(-TILE // 3)
    first, last = (np.asarray(steps[k].preview) for k in (0, -1))
    assert (first[:side, :side] == made[:side, :side]).all()
    assert (first[side:] == np.asarray(source)[coarse][side:]).all() and (last == made).all()


def test_an_enlargement_is_sharpened_and_a_drawing_is_not():
    sharpener, source = moved(), picture(32, 32)
    plain, sharp = tiny_pipeline(), tiny_pipeline(sharpener=sharpener)

    def made(pipeline, task, *args, **settings):
        return pipeline(task, *args, generator=seeded(1), **settings).images[0]

    for scale in (2, 4):
        before = made(plain, "sr", "", source, scale=scale)
        assert made(sharp, "sr", "", source, scale=scale) == \
            sharpener.sharpened(before, scale) != before
    assert made(sharp, "t2i", "a cat") == made(plain, "t2i", "a cat")
    assert made(sharp, "edit", "make it night", source) == \
        made(plain, "edit", "make it night", source)


def test_its_tiles_are_counted_with_the_others():
    run = tiny_pipeline(sharpener=moved()).steps("sr", "", picture(40, 32), scale=2)
    counted = [(step.index, step.of) for step in run]
    assert [index for index, _ in counted][-1] == counted[-1][1]
    assert len({of for _, of in counted}) == 1
    alone = [step.of for step in tiny_pipeline().steps("sr", "", picture(40, 32), scale=2)]
    assert counted[-1][1] == alone[-1] + 1
    stem = Stem(8, 1)
    run = tiny_pipeline(stem=stem, sharpener=moved(), strangest=-1e9).steps(
        "sr", "", picture(300, 40), scale=4)  # two tiles of the stem's, three of its own
    assert [(step.index, step.of) for step in run] == [(k, 5) for k in range(1, 6)]


def test_what_the_model_does_not_know_well_is_mended_with_care():
    from test_stem import moved as moved_stem

    def mending(**settings):
        return moved(steepness={"2": [2, 1.0]}, **settings)

    stem, source = moved_stem(), picture(24, 20)
    strange = strangeness(tiny_pipeline(stem=stem), source)

    def made(margin, room, shown=source, sharpener=True):
        pipeline = tiny_pipeline(stem=stem, strangest=strange + room,
                                 sharpener=mending(margin=margin) if sharpener else None)
        return pipeline("sr", "", shown, scale=2, generator=seeded(1)).images[0]

    assert made(0.5, -0.1) == mending().sharpened(stem.enlarge(source, 2), 2, known=False)
    plain = made(0.5, 0.6, sharpener=False)
    assert plain != stem.enlarge(source, 2)
    assert made(0.5, 0.4) == mending().sharpened(plain, 2, known=False)
    assert made(0.5, 0.6) == mending().sharpened(plain, 2) != made(0.5, 0.4)
    grey = source.convert("L").convert("RGB")
    plain = made(0.0, 1e9, grey, sharpener=False)
    assert made(0.0, 1e9, grey) == mending().sharpened(plain, 2, known=False) != plain


@pytest.mark.parametrize("packed", [False, True])
def test_saved_with_the_pipeline(packed, tmp_path):
    sharpener = moved(packed=packed, steepness={"2": [2, 0.5]})
    tiny_pipeline(sharpener=sharpener).save_pretrained(tmp_path)
    again = MTUPipeline.from_pretrained(tmp_path).sharpener
    pixels = to_tensor(picture(32, 32))
    with torch.no_grad():
        change, ours = (mends(pixels) - pixels for mends in (again, sharpener))
    assert (change - ours).abs().max() <= (0.05 if packed else 0) * ours.abs().max()
    assert ours.abs().max() > 0.1 and dict(again.config.steepness) == {"2": [2, 0.5]}
    kept = load_file(tmp_path / "sharpener" / "diffusion_pytorch_model.safetensors")
    assert kept["coarse.0.first.weight"].dtype == (torch.int8 if packed else torch.float32)


def test_a_delta_holds_none(tmp_path):
    pipeline = tiny_pipeline(sharpener=moved(), upcycled_from={"name": "x"})
    with pytest.raises(ValueError, match="cannot hold a sharpener"):
        save_delta(pipeline, tmp_path / "delta")
