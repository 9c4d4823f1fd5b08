"""The stage that trains the deblocker, by regression on what its model draws."""

from pathlib import Path

import torch

from mtu.deblocker import Deblocker
from mtu.loading import read_index
from mtu.pipeline import MTUPipeline

from .drawn_pairs import draw_pairs
from .mender_stage import MenderStage
from .parts import find_part, load_part
from .recipe import RecipeError


class DeblockerStage(MenderStage):
    """Drawn pictures in, a Deblocker out, for the model that the recipe starts from (`init_from`),
    whose deblocker it goes on from where that has one.

    What a drawing has wrong as a whole, its colours and where its things end, is far more than its
    grid and cannot be mended, so the recipe gives `pixels` no weight.
    """

    part = "deblocker"

    def begin(self) -> Deblocker:
        recipe = self.recipe
        options, folder = recipe.options, recipe.path("init_from")
        if folder is None or not (folder / "unet").is_dir():
            raise RecipeError(f"init_from must name the model that draws, not {folder}.")
        place = None if options.get("afresh") else find_part(recipe, "deblocker")
        if place:
            return load_part(place, "mtu.deblocker", "Deblocker")
        _, settings = read_index(folder, MTUPipeline.__name__)
        shape = ("widths", "depths", "packed", "grainy")
        return Deblocker(patch_size=settings.get("patch_size", 1),
                         **{name: options[name] for name in shape if name in options})

    def make_pairs(self, folder: Path) -> list[Path]:
        pipe = MTUPipeline.from_pretrained(self.recipe.path("init_from"), deblocker=None)
        if torch.cuda.is_available():
            pipe.to("cuda")
        options = self.recipe.options
        return draw_pairs(pipe, folder, options.get("pictures", 2300), self.recipe.seed,
                          options.get("atlas"))
