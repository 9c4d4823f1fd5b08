import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from tiny_pipelines import picture

from mtu.images import model_size, open_image, to_mask, to_pil, to_rgb, to_tensor

GREY = np.linspace(0, 255, 12 * 10).reshape(10, 12).astype(np.uint8)


def reloaded(image: Image.Image, kind: str, **options) -> Image.Image:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return Image.open(file)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "RGBa", "La"]
)
def test_every_mode_becomes_rgb_of_the_same_size(mode):
    via = {"PA": "P", "RGBa": "RGBA", "La": "LA"}.get(mode)
    image = picture(12, 10)
    image = (image.convert(via) if via else image).convert(mode)
    result = to_rgb(image)
    assert (result.mode, result.size) == ("RGB", (12, 10))


def test_colours_survive_the_modes_that_hold_them():
    image = picture(12, 10)
    for mode, slack in (("RGBA", 0), ("RGBX", 0), ("CMYK", 2), ("YCbCr", 4)):
        difference = np.asarray(to_rgb(image.convert(mode))).astype(int) - np.asarray(image)
        assert np.abs(difference).max() <= slack, mode


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(GREY.astype(np.uint16) * 257),
        Image.fromarray(GREY.astype(np.int32) * 257),
        Image.fromarray(GREY.astype(np.float32)),
        Image.fromarray(GREY.astype(np.float32) / 255),
        reloaded(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"),
        reloaded(Image.fromarray(GREY.astype(np.uint16) * 257), "TIFF"),
    ],
    ids=["I;16", "I", "F", "F to 1", "16-bit PNG", "16-bit TIFF"],
)
def test_deep_greys_are_scaled_not_cut(image):
    assert np.abs(np.asarray(to_rgb(image)).astype(int) - GREY[..., None]).max() <= 1


def test_alpha_lies_over_white():
    layer = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    layer.putpixel((1, 0), (255, 0, 0, 128))
    result = to_rgb(layer)
    assert result.getpixel((0, 0)) == (255, 255, 255)
    assert result.getpixel((1, 0)) == (255, 127, 127)


def test_a_transparent_palette_colour_is_white():
    indexed = Image.new("P", (2, 1))
    indexed.putpalette([10, 20, 30, 40, 50, 60])
    indexed.putpixel((1, 0), 1)
    result = to_rgb(reloaded(indexed, "PNG", transparency=0))
    assert [result.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (40, 50, 60)]


def test_a_turned_photograph_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    image = picture(12, 10)
    turned = to_rgb(reloaded(image, "PNG", exif=exif))
    assert turned.tobytes() == image.transpose(Image.Transpose.ROTATE_270).tobytes()
    assert to_rgb(turned).size == (10, 12)  # and stays so


def test_an_animation_is_its_first_frame():
    frames = [picture(12, 10, seed).convert("P") for seed in (1, 2, 3)]
    for kind in ("GIF", "WEBP"):
        file = reloaded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
        file.seek(2)
        first = np.asarray(frames[0].convert("RGB")).astype(int)
        assert np.abs(np.asarray(to_rgb(file)) - first).max() <= 1


def test_an_embedded_profile_is_applied():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = picture(12, 10)
    same = to_rgb(reloaded(image, "PNG", icc_profile=profile))
    assert np.abs(np.asarray(same).astype(int) - np.asarray(image)).max() <= 1
    assert to_rgb(reloaded(image, "PNG", icc_profile=b"broken")).tobytes() == image.tobytes()


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    whole = tmp_path / "whole.png"
    picture(64, 64).save(whole)
    short = tmp_path / "short.png"
    short.write_bytes(whole.read_bytes()[:900])
    words = tmp_path / "words.png"
    words.write_text("hello")
    for path in (tmp_path / "none.png", short, words, tmp_path):
        with pytest.raises(ValueError) as refusal:
            open_image(path)
        assert len(str(refusal.value).splitlines()) == 1
    with pytest.raises(ValueError, match="PIL image"):
        to_rgb("whole.png")
    with pytest.raises(ValueError, match="not numbers"):
        to_rgb(Image.fromarray(np.full((2, 2), np.nan, dtype=np.float32)))
    assert open_image(whole).tobytes() == picture(64, 64).tobytes()


def test_masks():
    mask = Image.new("RGB", (12, 10))
    mask.paste((255, 255, 255), (3, 3, 6, 6))
    mask.putpixel((0, 0), (100, 100, 100))
    assert to_mask(mask, (12, 10)).mode == "L"
    assert to_mask(mask, (12, 10)).getcolors() == [(111, 0), (9, 255)]
    with pytest.raises(ValueError, match="12×10 but the image is 10×12"):
        to_mask(mask, (10, 12))
    with pytest.raises(ValueError, match="marks nothing"):
        to_mask(Image.new("L", (12, 10)), (12, 10))


def test_model_sizes():
    assert model_size(256, 256, 256, 32) == (256, 256)
    assert model_size(3000, 3000, 256, 32) == (256, 256)
    assert model_size(7, 7, 256, 32) == (256, 256)
    for width, height in [(4000, 3000), (300, 900), (1, 5000), (5000, 1)]:
        size = model_size(width, height, 256, 32)
        assert all(side % 32 == 0 and 32 <= side <= 1024 for side in size)
        assert (size[0] > size[1]) == (width > height)
    assert model_size(4000, 3000, 256, 32) == (288, 224)


def test_tensors_and_back():
    image = picture(12, 10)
    tensor = to_tensor(image)
    assert tensor.shape == (1, 3, 10, 12)
    assert tensor.min() >= -1
    assert tensor.max() <= 1
    assert to_pil(tensor).tobytes() == image.tobytes()
    assert to_pil(tensor[0] * 100).getextrema() == ((0, 255),) * 3
