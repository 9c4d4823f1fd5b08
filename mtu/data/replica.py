"""The four data sets in small, in the exact form of the real ones, of drawn pictures.

    python -m mtu.data.replica --out DIR [--count N] [--side N] [--seed N]

writes DIR/coco, DIR/coco2017, DIR/instructpix2pix, DIR/df2k and DIR/gqa-inpaint: what the tests
read, and what the small recipe trains on where no data can be fetched.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mtu.cli import Parser, run

COLORS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (50, 80, 200),
          "yellow": (220, 200, 50), "white": (240, 240, 240), "black": (20, 20, 20)}
SHAPES = ("square", "circle")
FRAMES = ("a {0} on a {1} ground", "there is a {0} on {1}", "a picture of a {0}, {1} behind it",
          "one {0} in front of {1}", "a small {0} with a {1} background")


def picture(rng: np.random.Generator, width: int, height: int, ground: str,
            things: list[tuple[str, str, tuple[int, int, int, int]]]) -> Image.Image:
    """A drawn "RGB" picture: a shaded ground and things (color, shape, box in pixels)."""
    shade = np.linspace(0.8, 1.1, height)[:, None, None] * np.array(COLORS[ground], float)
    pixels = np.repeat(shade, width, 1) + rng.normal(0, 2, (height, width, 1))
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for color, shape, box in things:
        (draw.rectangle if shape == "square" else draw.ellipse)(box, fill=COLORS[color])
    return image


def encode(image: Image.Image, kind: str = "JPEG") -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 92} if kind == "JPEG" else {}))
    return buffer.getvalue()


def _scene(rng: np.random.Generator, side: int):
    """(width, height, ground, color, shape, box) of a picture whose sides are side/2 … side."""
    width, height = (int(rng.integers(side // 2, side + 1)) for _ in range(2))
    ground, color = (str(name) for name in rng.choice(list(COLORS), 2, replace=False))
    size = int(rng.integers(min(width, height) // 4, min(width, height) // 2 + 1))
    left, top = int(rng.integers(width - size)), int(rng.integers(height - size))
    return width, height, ground, color, str(rng.choice(SHAPES)), (left, top, left + size,
                                                                    top + size)


def _write_parquet(file: Path, columns: dict, images: list[str]) -> None:
    """Columns to parquet as the `datasets` library writes it; `images` hold encoded bytes."""
    import datasets

    data = {name: [{"bytes": b, "path": None} for b in values] if name in images else values
            for name, values in columns.items()}
    table = datasets.Dataset.from_dict(data)
    for name in images:
        table = table.cast_column(name, datasets.Image())
    file.parent.mkdir(parents=True, exist_ok=True)
    datasets.disable_progress_bars()
    table.to_parquet(file)


def _captioned(rng: np.random.Generator, side: int) -> tuple[Image.Image, list[str]]:
    width, height, ground, color, shape, box = _scene(rng, side)
    captions = [frame.format(f"{color} {shape}", ground) for frame in FRAMES]
    return picture(rng, width, height, ground, [(color, shape, box)]), captions


def write_coco(folder: Path, count: int = 8, side: int = 64, seed: int = 0) -> None:
    """`jxie/coco_captions`: one parquet row per caption, pictures inline. Two training files."""
    rng = np.random.default_rng(seed)
    number = 0
    for name, size in (("train-00000-of-00002", count), ("train-00001-of-00002", count),
                       ("validation-00000-of-00001", count), ("test-00000-of-00001", count)):
        columns = {"image": [], "filename": [], "cocoid": [], "caption": []}
        for _ in range(size):
            image, captions = _captioned(rng, side)
            number += 1
            data = encode(image)
            for caption in captions:
                columns["image"].append(data)
                columns["filename"].append(f"COCO_train2014_{number:012d}.jpg")
                columns["cocoid"].append(number)
                columns["caption"].append(caption)
        _write_parquet(folder / "data" / f"{name}.parquet", columns, ["image"])


def write_coco_links(folder: Path, count: int = 8, side: int = 64, seed: int = 0,
                     site: str = "http://images.cocodataset.org") -> None:
    """`phiyodr/coco2017`: one row per picture, which lies in {train,val}2017/ beside the data."""
    rng = np.random.default_rng(seed)
    for split, place in (("train", "train2017"), ("validation", "val2017")):
        columns = {name: [] for name in (
            "license", "file_name", "coco_url", "height", "width", "date_captured", "flickr_url",
            "image_id", "ids", "captions")}
        (folder / place).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            image, captions = _captioned(rng, side)
            name = f"{place}/{number:012d}.jpg"
            (folder / name).write_bytes(encode(image))
            row = (1, name, f"{site}/{name}", image.height, image.width, "2013-11-14 17:02:52", "",
                   number, list(range(5 * number, 5 * number + 5)), captions)
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
        _write_parquet(folder / "data" / f"{split}-00000-of-00001.parquet", columns, [])


WRITERS = {"coco": write_coco, "coco2017": write_coco_links}


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; see the module's docstring."""
    parser = Parser(prog="mtu.data.replica", description="Small copies of the paper's data sets.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write, made if absent")
    parser.add_argument("--count", type=int, default=16, help="pictures per data set and file")
    parser.add_argument("--side", type=int, default=64, help="longest side of a picture in pixels")
    parser.add_argument("--seed", type=int, default=0)

    def action(args: argparse.Namespace) -> None:
        if args.count < 4 or args.side < 32:
            raise ValueError("--count must be 4 or more, and --side 32 or more.")
        for name, write in WRITERS.items():
            write(args.out / name, args.count, args.side, args.seed)
        print(f"wrote {', '.join(WRITERS)} to {args.out}")

    return run(parser, action, argv)


if __name__ == "__main__":
    sys.exit(main())
