"""What the stages of a deblocker and of a sharpener share: pairs, losses, figures, what is left."""

import json
import shutil
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from mtu.data.pairs import Made, Pairs
from mtu.loading import INDEX
from mtu.mender import Mender

from .pairs import ROWS
from .parts import add_figures
from .recipe import RecipeError
from .stem_stage import EXACT, FLAT, edge_energies, edge_energy, to_pixels

UNSEEN = 6  # files that are not trained on, the first ones
REACHES = (1, 2, 4)  # pixels between which differences are taken
WRONG = 0.04  # a difference of colours in [-1, 1] so far off is half as bad as any
LINEAR = 1.0  # times the error itself, colours in [-1, 1]
BLOCK = 32  # pixels, across and down, whose mean colour stays
NEAR = 16  # and in which slopes together shall be as long as the truth's


class MenderStage(ABC):
    """Pictures that a model has made in, a Mender of theirs out.

    The model first makes `pictures` pairs in the folder `pairs`, by default the run's own; what
    lies there is not made again. The loss is of the differences between near pixels (`slopes`),
    each error e as e/(e + WRONG), which for what lies elsewhere is as good as constant (Geman &
    McClure 1987), and a little of e itself, or a single bright pixel would cost no more than a
    faint one. As most of a picture is flat, flat is the best guess by that of what is not sure; so
    of the logarithm of the mean slope's length in each block over the truth's too (`edges`, times
    the option of that name; not of its square, which single bright pixels raise for the least
    cost). And of the change to the mean colour of wider blocks (`colours`), which there should be
    none of. Where what is made lies pixel by pixel where it should, of the logarithm of each crop's
    mean squared error too (`pixels`, times the option of that name).
    """

    part: str  # its name in a pipeline

    def __init__(self, recipe):
        self.recipe = recipe
        torch.manual_seed(recipe.seed)
        self.module = self.begin().to(memory_format=torch.channels_last)
        self._files: list[Path] = []

    @abstractmethod
    def begin(self) -> Mender:
        """What training starts from."""

    @abstractmethod
    def make_pairs(self, folder: Path) -> list[Path]:
        """The files of all pairs (`training/pairs.py`) in `folder`, those that are missing made."""

    @property
    def files(self) -> list[Path]:
        """The pairs' files, made when first needed."""
        if not self._files:
            recipe = self.recipe
            folder = recipe.options.get("pairs", recipe.path("run_dir") / "pairs")
            self._files = self.make_pairs(Path(folder).expanduser())
        return self._files

    def dataset(self) -> Pairs:
        if len(self.files) <= UNSEEN:
            raise RecipeError(f"pictures must be more than the {ROWS * UNSEEN} that are not seen.")
        return Pairs(self.recipe.seed, self.files[UNSEEN:],
                     self.recipe.options.get("crop", 96), self.module.patch_size)

    def collate(self, rows: list[Made]) -> tuple[torch.Tensor, torch.Tensor]:
        """made and truth (B, 3, crop, crop) in [-1, 1]"""
        return tuple(to_pixels([getattr(row, name) for row in rows]) for name in ("made", "truth"))

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        device = next(self.module.parameters()).device
        made, truth = (pixels.to(device, memory_format=torch.channels_last) for pixels in batch)
        mended = self.module(made)
        edges = [F.avg_pool2d((edge_energies(pictures) + FLAT).sqrt()[:, None], NEAR, NEAR // 2)
                 for pictures in (mended, truth)]
        options = self.recipe.options
        losses = {"slopes": slope_error(mended, truth),
                  "edges": options.get("edges", 0.2)
                  * (edges[0].log() - edges[1].log()).abs().mean(),
                  "colours": F.avg_pool2d(mended - made, BLOCK).abs().mean()}
        if options.get("pixels"):
            error = (mended - truth).square().mean((1, 2, 3))
            losses["pixels"] = options["pixels"] * (error + EXACT).log().mean()
        return losses

    @torch.no_grad()
    def figures(self) -> dict[str, float]:
        """On the unseen pictures, of what was made and of what is mended of it: dB against the
        truth, error of the slopes, and edge energy of the truth's."""
        made, truth = (to_pixels(list(np.concatenate([np.load(file)[name] for file in
                                                      self.files[:UNSEEN]])))
                       for name in ("made", "truth"))
        device, result = next(self.module.parameters()).device, {}
        mended = torch.cat([self.module(part.to(device)).cpu() for part in made.split(8)])
        for name, pictures in (("made", made), ("mended", mended.clamp(-1, 1))):
            error = ((pictures - truth) / 2).square().mean((1, 2, 3)).clamp(min=1e-6)
            result[f"{name} dB"] = float(-10 * error.log10().mean())
            result[f"{name} slopes"] = float(slope_error(pictures, truth))
            result[f"{name} energy"] = float(edge_energy(pictures).sum() / edge_energy(truth).sum())
        return result

    def sample(self, folder: Path, step: int) -> None:
        add_figures(folder / "figures.txt", step, self.figures())

    def export(self, folder: Path) -> None:
        """The model that was started from, with what was trained in its place."""
        self.sample(self.recipe.path("run_dir"), self.recipe.steps)
        begun = self.recipe.path("init_from")
        if begun.resolve() != folder.resolve():
            shutil.copytree(begun, folder, dirs_exist_ok=True)
        self.module.save_pretrained(folder / self.part)
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        index[self.part] = [f"mtu.{self.part}", type(self.module).__name__]
        (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def slope_error(mended: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """How wrong the differences between near pixels are, across and down, 0 for not at all."""
    error = mended - truth  # of differences the difference
    parts = []
    for reach in REACHES:
        for slope in (error[..., reach:] - error[..., :-reach],
                      error[..., reach:, :] - error[..., :-reach, :]):
            wrong = slope.abs()
            parts.append((wrong / (wrong + WRONG) + LINEAR * wrong).mean())
    return torch.stack(parts).mean()
