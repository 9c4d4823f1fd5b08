"""Pictures in and out: any PIL image to upright 8-bit sRGB, sizes, and tensors."""

import io
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

WHITE = (255, 255, 255)


def open_image(path: str | Path) -> Image.Image:
    """Read an image file as `to_rgb` gives it; ValueError in one sentence if that is impossible."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    try:
        with Image.open(path) as image:
            return to_rgb(image)
    except UnidentifiedImageError:
        raise ValueError(f"{path} is not an image this program can read.") from None
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image ({_first_line(error)}).") from None


def to_rgb(image: Image.Image) -> Image.Image:
    """The first frame of any PIL image, upright (EXIF), as 8-bit sRGB "RGB" of the same size.

    Alpha is laid over white, 16-bit and float greys are scaled, an embedded colour profile is
    applied. ValueError in one sentence for a damaged or unsupported image.
    """
    if not isinstance(image, Image.Image):
        raise ValueError(f"An image must be a PIL image, not {type(image).__name__}.")
    try:
        if getattr(image, "n_frames", 1) > 1:
            image.seek(0)
        image.load()
        image = ImageOps.exif_transpose(image)
        return _flatten(_to_srgb(_to_8bit(image)))
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"The image is damaged or cut short ({_first_line(error)}).") from None


def to_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A mask as mode "L" of 0 (keep) and 255 (change) at the source's `size` (width, height)."""
    if not isinstance(mask, Image.Image):
        raise ValueError(f"A mask must be a PIL image, not {type(mask).__name__}.")
    if mask.size != size:
        raise ValueError(
            f"The mask is {mask.width}×{mask.height} but the image is {size[0]}×{size[1]}: "
            "they must have the same size."
        )
    grey = to_rgb(mask).convert("L").point(lambda value: 255 if value >= 128 else 0)
    if grey.getbbox() is None:
        raise ValueError("The mask marks nothing: paint the part to change white.")
    return grey


def resize_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A mask of 0 and 255 at another size; a pixel that is marked in part is marked, so that no
    stroke is too thin."""
    small = mask.resize(size, Image.Resampling.BILINEAR)
    return small.point(lambda value: 255 if value > 12 else 0)


def model_size(width: int, height: int, side: int, multiple: int) -> tuple[int, int]:
    """(width, height) of about `side`² pixels in the aspect of the source, multiples of `multiple`.

    A square source gives exactly `side` × `side`; an extreme aspect is limited to sides between
    `multiple` and four times `side`.
    """
    zoom = side / math.sqrt(width * height)

    def fit(length: int) -> int:
        nearest = round(length * zoom / multiple) * multiple
        return min(max(nearest, multiple), 4 * side // multiple * multiple)

    return fit(width), fit(height)


def to_tensor(image: Image.Image) -> torch.Tensor:
    """An "RGB" or "L" image as float (1, 3 or 1, H, W): colours in [-1, 1], masks in [0, 1]."""
    array = torch.from_numpy(np.array(image, dtype=np.float32)) / 255.0
    if array.ndim == 2:
        return array[None, None]
    return (array.permute(2, 0, 1) * 2.0 - 1.0)[None]


def to_pil(tensor: torch.Tensor) -> Image.Image:
    """One picture (1, 3, H, W) or (3, H, W) in [-1, 1], as 8-bit "RGB"; values are clipped."""
    picture = tensor.reshape(tensor.shape[-3:]).detach().float().cpu()
    bytes_ = ((picture + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(bytes_.permute(1, 2, 0).contiguous().numpy())


def _to_8bit(image: Image.Image) -> Image.Image:
    """Greys of 16 or 32 bits and floats to "L"; anything else unchanged."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    values = np.asarray(image, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("The image holds values that are not numbers.")
    top = float(values.max(initial=0.0))
    if image.mode == "F":
        full = 1.0 if top <= 1.0 else 255.0 if top <= 255.0 else 65535.0
    else:  # a PNG of 16-bit grey is opened as "I" by some versions of Pillow, as "I;16" by others
        full = 255.0 if image.mode == "I" and top <= 255.0 else 65535.0
    return Image.fromarray((values.clip(0.0, full) * (255.0 / full)).round().astype(np.uint8))


def _to_srgb(image: Image.Image) -> Image.Image:
    """Apply an embedded RGB, grey or CMYK profile; a broken profile is ignored, as browsers do."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, srgb, outputMode=target) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


def _flatten(image: Image.Image) -> Image.Image:
    """To "RGB", with any kind of transparency laid over white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.copy()
    see_through = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    if not see_through:
        return image.convert("RGB")
    if image.mode == "La":
        image = image.convert("LA")
    layer = image.convert("RGBA")
    paper = Image.new("RGBA", layer.size, (*WHITE, 255))
    return Image.alpha_composite(paper, layer).convert("RGB")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
