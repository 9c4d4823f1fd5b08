"""Enlarging what the model never saw: ordinary photographs; and seams between tiles."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mtu.data.archive import PICTURES
from mtu.images import to_rgb
from mtu.pipeline import MTUPipeline
from mtu.playground.degrade import enlarge, shrink
from mtu.playground.render import render_array
from mtu.tiling import Canvas

from .metrics import checks, gradient_energy, mean_measures, psnr, sharpness
from .tables import number, table
from .trust import unseen_scenes

SCALE = 2
SEAMED = 3  # at most so many pictures are looked at for seams: each is four tiles
_LEAST = 16  # pixels, the shortest side of a photograph that says anything
_NEAR = 4  # columns on either side that a border is compared with


def photo_files(folder: str | Path) -> list[Path]:
    """The pictures in a folder, by name. ValueError if it is none or has none."""
    if not Path(folder).is_dir():
        raise ValueError(f"There is no folder {folder}.")
    files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in PICTURES)
    if not files:
        raise ValueError(f"There is no picture in {folder}: {', '.join(PICTURES)}.")
    return files


def load_photo(file: Path, side: int) -> np.ndarray:
    """The middle of a photograph, at most `side` wide and high, both even: uint8 (H, W, 3).

    ValueError in one sentence if it cannot be read or is too small.
    """
    try:
        with Image.open(file) as image:
            photo = to_rgb(image)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file.name} cannot be read: {error}") from None
    if min(photo.size) < _LEAST:
        raise ValueError(f"{file.name} is smaller than {_LEAST} pixels.")
    width, height = (min(length, side) // SCALE * SCALE for length in photo.size)
    left, top = (photo.width - width) // 2, (photo.height - height) // 2
    return np.asarray(photo.crop((left, top, left + width, top + height)))


def shrunk(sharp: np.ndarray, how: str, rng: np.random.Generator) -> Image.Image:
    """Half as large: "clean" by bicubic averaging, "degraded" as the small pictures of training."""
    if how == "degraded":
        return shrink(sharp, SCALE, rng)
    size = sharp.shape[1] // SCALE, sharp.shape[0] // SCALE
    return Image.fromarray(sharp).resize(size, Image.Resampling.BICUBIC)


def enlarged(pipe: MTUPipeline, small: Image.Image, seed: int, steps=None) -> np.ndarray:
    """The model's enlargement, uint8 (H, W, 3)."""
    generator = torch.Generator().manual_seed(seed)
    output = pipe("sr", image=small, scale=SCALE, num_inference_steps=steps, generator=generator)
    return np.asarray(output.images[0])


def run_photos(pipe: MTUPipeline, files: list[Path], seed: int, steps: int | None = None,
               tick: Callable[[], None] = lambda: None) -> dict:
    """"clean" and "degraded" → mean measures of ×2 over the photographs, each at most a tile."""
    rows: dict[str, list[dict]] = {"clean": [], "degraded": []}
    for index, file in enumerate(files):
        sharp = load_photo(file, pipe.config.default_size)
        for how, measures in rows.items():
            small = shrunk(sharp, how, np.random.default_rng([seed, index]))
            measures.append(compared(enlarged(pipe, small, index, steps),
                                     enlarge(small, (sharp.shape[1], sharp.shape[0])), sharp))
            tick()
    return {"n": len(files)} | {how: mean_measures(measures) for how, measures in rows.items()}


def compared(picture: np.ndarray, bicubic: np.ndarray, sharp: np.ndarray) -> dict:
    """An enlargement and a bicubic one against the sharp original, all uint8 (H, W, 3)."""
    ours, theirs, energy = psnr(picture, sharp), psnr(bicubic, sharp), gradient_energy(sharp)
    shares = [gradient_energy(shown) / energy if energy else None for shown in (picture, bicubic)]
    return {"PSNR": ours, "bicubic PSNR": theirs, "gain in dB": ours - theirs,
            "sharpness": sharpness(picture), "bicubic sharpness": sharpness(bicubic),
            "true sharpness": sharpness(sharp), "energy of the truth's": shares[0],
            "bicubic energy of the truth's": shares[1], "checks": checks(picture),
            "true checks": checks(sharp)}


def borders(size: tuple[int, int], tile: int, step: int) -> tuple[list[int], list[int]]:
    """Columns and rows of a tiled picture of `size` (width, height) where a tile begins or ends."""
    tiles = Canvas(Image.new("RGB", size), tile, step).tiles
    found = []
    for axis, length in enumerate(size):
        edges = {edge for corner in tiles for edge in (corner[axis], corner[axis] + tile)}
        found.append(sorted(edge for edge in edges if _NEAR < edge < length - _NEAR))
    return found[0], found[1]


def inner_borders(size: tuple[int, int], tile: int, step: int) -> tuple[list[int], list[int]]:
    """Columns and rows between two patches of `step` pixels where no tile begins or ends."""
    found = [sorted(set(range(step, length - _NEAR, step)) - set(edges) - set(range(_NEAR + 1)))
             for length, edges in zip(size, borders(size, tile, step), strict=True)]
    return found[0], found[1]


def seam(picture: np.ndarray, columns: list[int], rows: list[int]) -> float | None:
    """Mean absolute difference across the borders, over that between their neighbours.

    1: nothing is to be seen there. None for a picture without borders, or flat around them.
    """
    across = beside = 0.0
    for edges, pixels in ((columns, picture), (rows, picture.swapaxes(0, 1))):
        # change[k] lies between the columns k and k + 1
        change = np.abs(np.diff(pixels.astype(np.float32), axis=1)).mean((0, 2))
        for edge in edges:
            near = [edge - 1 + shift for shift in range(-_NEAR, _NEAR + 1) if shift]
            across += float(change[edge - 1])
            beside += float(change[near].mean())
    return across / beside if beside else None


def seam_pictures(files: list[Path], side: int, seed: int, count: int, atlas_path=None):
    """(kind, picture larger than a tile): scenes of unseen seeds, and photographs that are.

    ValueError if one of the files cannot be read.
    """
    large = side * 15 // 8  # two tiles and their overlap, across and down
    found = [("scenes", render_array(scene, large, atlas_path))
             for scene, _ in unseen_scenes(seed, min(count, SEAMED), "seams")]
    photos = [load_photo(file, large) for file in files]
    found += [("photographs", photo) for photo in photos if min(photo.shape[:2]) > side][:SEAMED]
    return found


def run_seams(pipe: MTUPipeline, pictures, seed: int, steps: int | None = None,
              tick: Callable[[], None] = lambda: None) -> dict:
    """Kind → mean of `seam` on the ×2 of the pictures' degraded copies.

    "model", and "truth" of the sharp original, at the tiles' borders; "within tiles": of the model
    at the other borders of patches, for a model of patches may show those everywhere.
    """
    rows: dict[str, list[dict]] = {}
    for index, (kind, sharp) in enumerate(pictures):
        small = shrunk(sharp, "degraded", np.random.default_rng([seed, index]))
        picture = enlarged(pipe, small, index, steps)
        height, width = picture.shape[:2]
        grid = (width, height), pipe.config.default_size, pipe.space.factor
        edges = borders(*grid)
        rows.setdefault(kind, []).append({
            "model": seam(picture, *edges), "within tiles": seam(picture, *inner_borders(*grid)),
            "truth": seam(sharp[:height, :width], *edges)})
        tick()
    return {kind: {"n": len(found)} | mean_measures(found) for kind, found in rows.items()}


def photo_table(result: dict) -> str:
    """A row for clean, a row for degraded small pictures."""
    names = list(result["clean"])
    rows = [[how, str(result["n"]), *(number(result[how][name], name) for name in names)]
            for how in ("clean", "degraded")]
    return table(["small picture", "n", *names], rows)


def seam_table(result: dict) -> str:
    """A row for scenes and, if there were large ones, a row for photographs."""
    shown = [[f"{part[who]:.2f}" if part[who] is not None else "–"
              for who in ("model", "within tiles", "truth")] for part in result.values()]
    rows = [[kind, str(part["n"]), *values]
            for (kind, part), values in zip(result.items(), shown, strict=True)]
    return table(["pictures of four tiles", "n", "between tiles", "between patches within them",
                  "between tiles, of the truth"], rows)
