"""The stage that trains the deblocker, by regression on what its model draws."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from mtu.data.drawn import Drawn, DrawnPairs
from mtu.deblocker import Deblocker
from mtu.pipeline import MTUPipeline

from .drawn_pairs import draw_pairs
from .parts import find_part, load_part
from .recipe import RecipeError
from .stem_stage import FLAT, edge_energies, edge_energy, to_pixels

UNSEEN = 6  # files that are not trained on, the first ones
REACHES = (1, 2, 4)  # pixels between which differences are taken
WRONG = 0.04  # a difference of colours in [-1, 1] so far off is half as bad as any
LINEAR = 1.0  # times the error itself, colours in [-1, 1]
BLOCK = 32  # pixels, across and down, whose mean colour stays
NEAR = 16  # and in which slopes together shall be as long as the truth's


class DeblockerStage:
    """Drawn pictures in, a Deblocker out, for the model that the recipe starts from (`init_from`),
    whose deblocker it goes on from where that has one.

    The model first draws `pictures` pairs into the folder `pairs`, by default the run's own; what
    lies there is not drawn again. What a drawing has wrong as a whole, its colours and where its
    things end, is far more than its grid and cannot be mended, so pixels are not compared: the
    loss is of the differences between near ones (`slopes`), each error e as e/(e + WRONG), which
    for what lies elsewhere is as good as constant (Geman & McClure 1987), and a little of e itself,
    or a single bright pixel would cost no more than a faint one. As most of a picture is flat, flat
    is the best guess by that of what is not sure; so of the logarithm of the mean slope's length in
    each block over the truth's too (`edges`, times the option of that name; not of its square,
    which single bright pixels raise for the least cost). And of the change to the mean colour of
    wider blocks (`colours`), which there should be none of.
    """

    def __init__(self, recipe):
        self.recipe = recipe
        options, folder = recipe.options, recipe.path("init_from")
        if folder is None or not (folder / "unet").is_dir():
            raise RecipeError(f"init_from must name the model that draws, not {folder}.")
        torch.manual_seed(recipe.seed)
        place = None if options.get("afresh") else find_part(recipe, "deblocker")
        shape = {name: options[name] for name in ("widths", "depths", "packed", "grainy")
                 if name in options}
        known = load_part(place, "mtu.deblocker", "Deblocker") if place else None
        self.module = (known or Deblocker(**shape)).to(memory_format=torch.channels_last)
        self._files: list[Path] = []

    @property
    def files(self) -> list[Path]:
        """The pairs' files, drawn when first needed."""
        if not self._files:
            recipe, options = self.recipe, self.recipe.options
            folder = Path(options.get("pairs", recipe.path("run_dir") / "pairs")).expanduser()
            pipe = MTUPipeline.from_pretrained(recipe.path("init_from"), deblocker=None)
            if torch.cuda.is_available():
                pipe.to("cuda")
            self._files = draw_pairs(pipe, folder, options.get("pictures", 2300), recipe.seed,
                                     options.get("atlas"))
        return self._files

    def dataset(self) -> DrawnPairs:
        if len(self.files) <= UNSEEN:
            raise RecipeError(f"pictures must be more than the {8 * UNSEEN} that are not seen.")
        return DrawnPairs(self.recipe.seed, self.files[UNSEEN:],
                          self.recipe.options.get("crop", 96),
                          self.module.config.patch_size)

    def collate(self, rows: list[Drawn]) -> tuple[torch.Tensor, torch.Tensor]:
        """made and truth (B, 3, crop, crop) in [-1, 1]"""
        return tuple(to_pixels([getattr(row, name) for row in rows]) for name in ("made", "truth"))

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        device = next(self.module.parameters()).device
        made, truth = (pixels.to(device, memory_format=torch.channels_last) for pixels in batch)
        mended = self.module(made)
        edges = [F.avg_pool2d((edge_energies(pictures) + FLAT).sqrt()[:, None], NEAR, NEAR // 2)
                 for pictures in (mended, truth)]
        weight = self.recipe.options.get("edges", 0.2)
        return {"slopes": slope_error(mended, truth),
                "edges": weight * (edges[0].log() - edges[1].log()).abs().mean(),
                "colours": F.avg_pool2d(mended - made, BLOCK).abs().mean()}

    @torch.no_grad()
    def figures(self) -> dict[str, float]:
        """On the unseen pictures, of what was drawn and of what is made of it: dB against the
        truth, error of the slopes, and edge energy of the truth's."""
        made, truth = (to_pixels(list(np.concatenate([np.load(file)[name] for file in
                                                      self.files[:UNSEEN]])))
                       for name in ("made", "truth"))
        device, result = next(self.module.parameters()).device, {}
        mended = torch.cat([self.module(part.to(device)).cpu() for part in made.split(8)])
        for name, pictures in (("drawn", made), ("mended", mended.clamp(-1, 1))):
            error = ((pictures - truth) / 2).square().mean((1, 2, 3)).clamp(min=1e-6)
            result[f"{name} dB"] = float(-10 * error.log10().mean())
            result[f"{name} slopes"] = float(slope_error(pictures, truth))
            result[f"{name} energy"] = float(edge_energy(pictures).sum() / edge_energy(truth).sum())
        return result

    def sample(self, folder: Path, step: int) -> None:
        report = " ".join(f"{name} {value:.3f}" for name, value in self.figures().items())
        with (folder / "figures.txt").open("a") as file:
            file.write(f"step {step}: {report}\n")

    def export(self, folder: Path) -> None:
        self.sample(self.recipe.path("run_dir"), self.recipe.steps)
        self.module.save_pretrained(folder)


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
