"""What people drop in is either read right or refused in one sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from app.uploads import UploadError, read_upload


@pytest.fixture
def drop(tmp_path):
    """Save an image, read it as an upload."""

    def save_and_read(image: Image.Image, name: str = "a.png", limit: float = 1.0, **options):
        image.save(tmp_path / name, **options)
        return read_upload(tmp_path / name, limit)

    return save_and_read


def refusal(path, limit=1.0) -> str:
    with pytest.raises(UploadError) as caught:
        read_upload(path, limit)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_pixels_are_the_files_own(drop):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(drop(Image.fromarray(pixels))), pixels)


@pytest.mark.parametrize(("image", "name", "expected"), [
    (Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "a.jpg", (255, 0, 0)),
    (Image.new("P", (16, 16)), "a.png", (0, 0, 0)),
    (Image.new("L", (16, 16), 128), "a.png", (128, 128, 128)),
    (Image.new("1", (16, 16), 1), "a.png", (255, 255, 255)),
    (Image.new("RGBA", (16, 16), (255, 0, 0, 0)), "a.png", (255, 255, 255)),
    (Image.new("LA", (16, 16), (0, 255)), "a.png", (0, 0, 0)),
    (Image.fromarray(np.full((16, 16), 32896, np.uint16)), "a.png", (128, 128, 128)),
    (Image.fromarray(np.full((16, 16), 65535, np.uint16)), "a.tif", (255, 255, 255)),
])
def test_modes(drop, image, name, expected):
    read = drop(image, name)
    assert read.mode == "RGB" and read.size == (16, 16)
    assert np.abs(np.array(read.getpixel((8, 8)), int) - expected).max() <= 3


def test_the_first_frame_of_an_animation(drop):
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    read = drop(frames[0], "a.gif", save_all=True, append_images=frames[1:])
    assert read.getpixel((8, 8)) == (255, 0, 0)


def test_a_photograph_taken_sideways_stands_upright(drop):
    image = Image.new("RGB", (40, 20), "white")
    image.paste("red", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to show
    read = drop(image, "a.jpg", exif=exif, quality=95)
    assert read.size == (20, 40)
    red, _, blue = read.getpixel((10, 5))
    assert red > 200 and blue < 60


def test_too_many_megapixels_names_both_numbers(drop):
    with pytest.raises(UploadError) as caught:
        drop(Image.new("1", (2000, 1500)), limit=1.0)
    assert str(caught.value) == ("That file is 3 megapixels; the limit is 1. "
                                 "Resize it or raise --max-megapixels.")


def test_a_little_too_many_is_not_said_to_be_the_limit(drop):
    with pytest.raises(UploadError, match=r"is 1\.01 megapixels; the limit is 1\."):
        drop(Image.new("1", (1010, 1000)), limit=1.0)


def test_a_bomb_is_refused_from_its_header(tmp_path):
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                     + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))
    assert "2500 megapixels; the limit is 40" in refusal(path, 40)


def test_a_truncated_file(tmp_path):
    stream = io.BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(stream, "JPEG")
    path = tmp_path / "cut.jpg"
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"hello, I am no picture", b"\x89PNG\r\n\x1a\n",
                                     b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                                     b"%!PS-Adobe-3.0 EPSF"])
def test_what_is_no_picture(tmp_path, content):
    path = tmp_path / "renamed.png"
    path.write_bytes(content)
    assert "not a picture" in refusal(path) or "damaged" in refusal(path)


def test_a_speck(drop):
    with pytest.raises(UploadError, match="too small"):
        drop(Image.new("RGB", (4, 100)))
