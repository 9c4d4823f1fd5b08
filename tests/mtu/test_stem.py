"""The stem of enlarging: bicubic at its start, the same in tiles, saved with the pipeline."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from test_residual import silent
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import MTUPipeline, save_delta
from mtu.stem import TILE, Stem

BICUBIC = Image.Resampling.BICUBIC


def moved(blocks: int = 2, deep_blocks: int = 0) -> Stem:
    """A small stem away from its start."""
    torch.manual_seed(0)
    stem = Stem(8, blocks, deep_channels=12, deep_blocks=deep_blocks).eval()
    with torch.no_grad():
        for last in stem.conv_out.values():
            last.weight.normal_(0, 0.1)
    return stem


def levels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_fresh_stem_enlarges_as_bicubic_does(scale):
    source = picture(37, 21)
    bicubic = source.resize((37 * scale, 21 * scale), Image.Resampling.BICUBIC)
    assert abs(levels(Stem(8, 1).enlarge(source, scale)) - levels(bicubic)).max() <= 1


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(TILE + 1, TILE - 3), (2 * TILE + 7, 5)])
@pytest.mark.parametrize("deep_blocks", [0, 1, 2])
def test_tiles_are_the_whole(scale, size, deep_blocks):
    stem, source = moved(deep_blocks=deep_blocks), picture(*size)
    values = torch.from_numpy(levels(source)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        whole = ((stem(values, scale)[0] + 1) * 127.5).round().clamp(0, 255).permute(1, 2, 0)
    tiled = levels(stem.enlarge(source, scale))
    assert tiled.shape == (size[1] * scale, size[0] * scale, 3)
    difference = abs(tiled - whole.numpy())
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3  # rounding of sums


@pytest.mark.parametrize("deep_blocks", [0, 1, 2])
@pytest.mark.parametrize("row", [40, 41])  # on the grid of the halves, and off it
def test_a_pixel_reaches_as_far_as_is_said(deep_blocks, row):
    stem = moved(3, deep_blocks)
    small = torch.rand(1, 3, 83, 83).requires_grad_()
    stem(small, 2)[0, 0, 2 * row, 2 * row].backward()
    touched = small.grad.abs().sum((0, 1)).nonzero() - row
    assert 2 + 4 * deep_blocks < touched.abs().max() <= stem.reach


def test_at_half_the_resolution_it_reaches_twice_as_far():
    assert moved(2, 3).reach - moved(2).reach > 2 * (moved(5).reach - moved(2).reach)


def test_other_scales_are_refused():
    with pytest.raises(ValueError, match="by 2, not by 4"):
        Stem(8, 1, scales=(2,)).enlarge(picture(4, 4), 4)


def test_a_pipeline_changes_the_enlargement_of_its_stem():
    stem, source = moved(), picture(24, 20)
    pipeline = silent(tiny_pipeline(residual={"sr": 4.0}, stem=stem))
    result = pipeline("sr", "", source, scale=2, generator=seeded(1)).images[0]
    assert result == stem.enlarge(source, 2)
    assert result != source.resize((48, 40), Image.Resampling.BICUBIC)


def test_the_unet_reads_the_enlargement_of_the_stem():
    source = picture(24, 20)
    results = [tiny_pipeline(stem=stem)("sr", "", source, generator=seeded(1)).images[0]
               for stem in (None, moved())]  # fmt: skip
    assert results[0] != results[1]


def test_none_of_the_change_leaves_the_stem_alone_and_half_lies_between():
    source, results = picture(24, 20), []
    for share in (0.0, 0.5, 1.0):
        pipeline = tiny_pipeline(residual={"sr": 4.0}, residual_share={"sr": share})
        results.append(levels(pipeline("sr", "", source, generator=seeded(1)).images[0]))
    bicubic = levels(source.resize((48, 40), Image.Resampling.BICUBIC))
    assert (results[0] == bicubic).all()
    assert 0 < abs(results[1] - bicubic).mean() < abs(results[2] - bicubic).mean()


def test_a_picture_that_the_unet_does_not_know_is_enlarged_by_the_stem_alone():
    stem, source = moved(), picture(24, 20)

    def made(limit):
        pipeline = tiny_pipeline(residual={"sr": 4.0}, stem=stem, strangest=limit)
        return pipeline("sr", "", source, scale=2, generator=seeded(1)).images[0]

    alone = stem.enlarge(source, 2)
    assert made(0.0) == alone  # nothing is as familiar as that
    assert made(1e9) != alone and made(None) == made(1e9)


def test_the_stem_shows_its_tiles_as_they_come():
    stem, source = moved(), picture(TILE + 20, 2 * TILE + 6)
    pipeline = tiny_pipeline(stem=stem, strangest=0.0)
    shown = list(pipeline.steps("sr", "", source, scale=4))
    assert [(step.index, step.of) for step in shown] == [(k, 6) for k in range(1, 7)]
    assert max(shown[0].preview.size) <= 512
    before = np.asarray(source.resize((4 * source.width, 4 * source.height), BICUBIC))
    result, first = np.asarray(stem.enlarge(source, 4)), np.asarray(shown[0].preview)
    coarse = -(-before.shape[0] // 512)
    done = -(-4 * TILE // coarse)
    assert np.array_equal(first[:done, :done], result[::coarse, ::coarse][:done, :done])
    assert np.array_equal(first[done:], before[::coarse, ::coarse][done:])
    assert np.array_equal(np.asarray(shown[-1].preview), result[::coarse, ::coarse])


@pytest.mark.parametrize("shares", [{"sr": 1.5}, {"sr": "all"}, {"edit": 0.5}])
def test_a_share_that_cannot_be_is_refused(shares):
    with pytest.raises(ValueError, match="residual_share"):
        tiny_pipeline(residual={"sr": 4.0}, residual_share=shares)


def test_saved_with_the_pipeline(tmp_path):
    pipeline, source = tiny_pipeline(stem=moved(), residual={"sr": 4.0}), picture(24, 20)
    pipeline.save_pretrained(tmp_path)
    again = MTUPipeline.from_pretrained(tmp_path)
    first, second = (p("sr", "", source, scale=4, generator=seeded(2)).images[0]
                     for p in (pipeline, again))  # fmt: skip
    assert first == second


def test_a_pipeline_saved_before_there_were_stems_has_none(tmp_path):
    tiny_pipeline().save_pretrained(tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text())
    for name in ("stem", "residual_share"):
        del index[name]
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    assert MTUPipeline.from_pretrained(tmp_path).stem is None


def test_weights_that_do_not_fit_are_refused(tmp_path):
    tiny_pipeline(stem=moved()).save_pretrained(tmp_path)
    file = tmp_path / "stem" / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    del weights["conv_in.bias"]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(ValueError, match="stem.*conv_in.bias"):
        MTUPipeline.from_pretrained(tmp_path)


def test_a_delta_holds_no_stem(tmp_path):
    made_for = {"name": "base", "sha256": "0"}
    with pytest.raises(ValueError, match="stem"):
        save_delta(tiny_pipeline(stem=moved(), upcycled_from=made_for), tmp_path / "delta")
