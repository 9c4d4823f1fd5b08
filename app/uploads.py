"""Reading what people upload: sizes are checked before anything is decoded."""

import re
from pathlib import Path

from PIL import Image, UnidentifiedImageError

# What a person may drop in. A closed list: Pillow also opens formats that run other programs
# (EPS) or fetch large palettes of frames (video containers).
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "AVIF")


class UploadError(ValueError):
    """Why a file was refused, in one sentence that names the way out."""


def read_upload(path: str | Path, max_megapixels: float) -> Image.Image:
    """The picture in a file: first frame, upright, 8-bit sRGB "RGB".

    path: any image file of FORMATS; max_megapixels: the largest width × height in 1e6 pixels.
    Raises UploadError in one sentence.
    """
    # here and not above: mtu brings torch, and the page is up before that is loaded
    from mtu.images import to_rgb

    Image.init()  # a Pillow built without a format does not know its name
    try:
        with Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN]) as image:
            _check_size(image.size, max_megapixels)
            return to_rgb(image)
    except UploadError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(_pixels(error) / 1e6, max_megapixels) from None
    except UnidentifiedImageError:
        raise UploadError(
            "That file is not a picture OneBrush can read. Send a PNG, JPEG, WebP, GIF, "
            "BMP or TIFF."
        ) from None
    except (ValueError, OSError, SyntaxError, EOFError, MemoryError):
        raise UploadError(
            "That picture is damaged or cut short. Save it again and send the new copy."
        ) from None


def _check_size(size: tuple[int, int], max_megapixels: float) -> None:
    megapixels = size[0] * size[1] / 1e6
    if min(size) < 8:
        raise UploadError(
            f"That picture is {size[0]}×{size[1]} pixels, too small to work on. "
            "Send one of at least 8×8."
        )
    if megapixels > max_megapixels:
        raise _too_large(megapixels, max_megapixels)


def _too_large(megapixels: float, limit: float) -> UploadError:
    """The size as a whole number where that still shows that it is above the limit."""
    size = f"{megapixels:.0f}" if round(megapixels) > limit else f"{megapixels:.2f}"
    return UploadError(
        f"That file is {size} megapixels; the limit is {limit:g}. "
        "Resize it or raise --max-megapixels."
    )


def _pixels(error: Image.DecompressionBombError) -> int:
    """Pillow counts the pixels of the header, refuses, and says the number only in its message."""
    found = re.search(r"\((\d+) pixels\)", str(error))
    return int(found.group(1)) if found else 2 * int(Image.MAX_IMAGE_PIXELS or 0)
