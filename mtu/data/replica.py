"""The four data sets in small, in the exact form of the real ones, of drawn pictures.

    python -m mtu.data.replica --out DIR [--count N] [--side N] [--seed N]

writes DIR/coco, DIR/coco2017, DIR/instructpix2pix, DIR/df2k and DIR/gqa-inpaint: what the tests
read, and what the small recipe trains on where no data can be fetched.
"""

import argparse
import io
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mtu.cli import Parser, run

COLORS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (50, 80, 200),
          "yellow": (220, 200, 50), "white": (240, 240, 240), "black": (20, 20, 20)}
SHAPES = ("square", "circle")
THINGS = {"box": "square", "sign": "square", "window": "square", "ball": "circle",
          "coin": "circle", "plate": "circle"}
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


def write_instructpix2pix(folder: Path, count: int = 8, side: int = 64, seed: int = 0) -> None:
    """`timbrooks/instructpix2pix-clip-filtered`: two parquet files of one split.

    `count` instructions per file, every second one with two pairs of pictures.
    """
    rng = np.random.default_rng(seed)
    for number in range(2):
        columns = {"original_prompt": [], "original_image": [], "edit_prompt": [],
                   "edited_prompt": [], "edited_image": []}
        for item in range(count):
            width, height, ground, color, shape, box = _scene(rng, side)
            other = str(rng.choice([name for name in COLORS if name not in (ground, color)]))
            prompts = (f"a {color} {shape} on {ground}, number {count * number + item}",
                       f"make the {shape} {other}", f"a {other} {shape} on {ground}")
            for _ in range(1 + item % 2):
                pair = [encode(picture(rng, width, height, ground, [(shade, shape, box)]))
                        for shade in (color, other)]
                for column, value in zip(columns.values(), (prompts[0], pair[0], *prompts[1:],
                                                            pair[1]), strict=True):
                    column.append(value)
        file = folder / "data" / f"train-{number:05d}-of-00002-0123456789abcdef.parquet"
        _write_parquet(file, columns, ["original_image", "edited_image"])


def write_instructpix2pix_folder(folder: Path, count: int = 8, side: int = 64,
                                 seed: int = 0) -> None:
    """The authors' own folder: seeds.json, prompt.json and {seed}_0.jpg, {seed}_1.jpg."""
    rng = np.random.default_rng(seed)
    seeds = []
    for item in range(count):
        width, height, ground, color, shape, box = _scene(rng, side)
        other = str(rng.choice([name for name in COLORS if name not in (ground, color)]))
        place = folder / f"{item:07d}"
        place.mkdir(parents=True, exist_ok=True)
        numbers = [str(int(n)) for n in rng.integers(10**6, 10**9, 1 + item % 3)]
        for number in numbers:
            for k, shade in enumerate((color, other)):
                image = picture(rng, width, height, ground, [(shade, shape, box)])
                (place / f"{number}_{k}.jpg").write_bytes(encode(image))
        prompt = {"caption": f"a {color} {shape} on {ground}", "edit": f"make the {shape} {other}",
                  "output": f"a {other} {shape} on {ground}", "url": ""}
        (place / "prompt.json").write_text(json.dumps(prompt))
        seeds.append([place.name, numbers])
    (folder / "seeds.json").write_text(json.dumps(seeds))


def write_df2k(folder: Path, count: int = 8, side: int = 64, seed: int = 0) -> None:
    """`Iceclear/DF2K-OST`: one zip of PNG pictures, with a list and a script beside it."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    with zipfile.ZipFile(folder / "df2k.zip", "w") as archive:
        for place, frame in (("DIV2K", "{:04d}.png"), ("Flickr2K", "{:06d}.png"),
                             ("OST", "OST_{:03d}.png")):
            for number in range(1, count + 1):
                width, height, ground, color, shape, box = _scene(rng, side)
                image = picture(rng, 2 * width, 2 * height, ground,
                                [(color, shape, tuple(2 * x for x in box))])
                names.append(f"{place}/{frame.format(number)}")
                member = zipfile.ZipInfo(f"df2k/{names[-1]}")  # dated 1980: the same each time
                archive.writestr(member, encode(image, "PNG"))
    (folder / "meta_info_DFO.txt").write_text("\n".join(names) + "\n")
    (folder / "generate_meta_info.py").write_text("")


def _gqa_scene(rng: np.random.Generator, side: int, first: int) -> tuple[dict, Image.Image, list]:
    """A scene of two or three things, its picture, and (object, picture without it, mask)."""
    width, height = side + int(rng.integers(side // 2)), side
    ground, *colors = (str(name) for name in rng.permutation(list(COLORS)))
    names = [str(name) for name in rng.choice(list(THINGS), 2, replace=False)]
    names += names[:1] if rng.random() < 0.5 else []  # a namesake elsewhere
    size = side // 4
    spots = [(width - side) // 2 + k * (side - size) // 2 for k in rng.permutation(3)]
    things, objects, positions = [], {}, {}
    for k, name in enumerate(names):
        top = int(rng.integers(side - size))
        box = (int(spots[k]), top, int(spots[k]) + size, top + size)
        things.append((colors[k], THINGS[name], box))
        number = str(first + k)
        objects[number] = {"name": name, "attributes": [colors[k]], "bbox": list(box),
                           "relations": [], "bidirected": k < 2}
        center = (box[0] + box[2]) / 2 / width
        positions[number] = "to the " + ("left", "center", "right")[int(3 * center)]
    for k, number in enumerate(objects):
        other = (k + 1) % len(names)
        side_of = "left" if things[k][2][0] < things[other][2][0] else "right"
        objects[number]["relations"].append(
            {"name": f"to the {side_of} of", "object": str(first + other)})
    scene = {"width": width, "height": height, "objects": objects,
             "image_relative_positions": positions}
    state = int(rng.integers(2**31))
    whole = picture(np.random.default_rng(state), width, height, ground, things)
    removed = []
    for k, number in enumerate(objects):
        rest = things[:k] + things[k + 1 :]
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).rectangle(things[k][2], fill=255)
        removed.append((number, picture(np.random.default_rng(state), width, height, ground, rest),
                        mask))
    return scene, whole, removed[:2]


def write_gqa_inpaint(folder: Path, count: int = 8, side: int = 64, seed: int = 0) -> None:
    """`abyildirim/gqa-inpaint`: images/, images_inpainted/, masks/ and three JSON files."""
    rng = np.random.default_rng(seed)
    texts = {}
    for split, start in (("train", 2300000), ("test", 2400000)):
        scenes = {}
        for number in range(start, start + count):
            scene, whole, removed = _gqa_scene(rng, side, 10 * number)
            scenes[str(number)] = scene
            files = {f"images/{number}.jpg": whole}
            for thing, without, mask in removed:
                files[f"images_inpainted/{number}/{thing}.jpg"] = without
                files[f"masks/{number}/{thing}.jpg"] = mask
                if split == "test":
                    item = scene["objects"][thing]
                    texts[f"i{number}-o{thing}"] = (
                        f"remove the {item['attributes'][0]} {item['name']}")
            for name, image in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(encode(image))
        (folder / f"{split}_scenes.json").write_text(json.dumps(scenes))
    (folder / "test_instructions.json").write_text(json.dumps(texts))


WRITERS = {"coco": write_coco, "coco2017": write_coco_links,
           "instructpix2pix": write_instructpix2pix, "df2k": write_df2k,
           "gqa-inpaint": write_gqa_inpaint}


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
