"""The stage that trains the sharpener, by regression on what a stem enlarges."""

from pathlib import Path

from mtu.sharpener import Sharpener

from .enlarged_pairs import enlarge_pairs
from .mender_stage import MenderStage
from .parts import find_part, load_part
from .recipe import RecipeError


class SharpenerStage(MenderStage):
    """Enlargements in, a Sharpener out, for the stem of the model that the recipe starts from
    (`init_from`), whose sharpener it goes on from where that has one, else its deblocker, which
    has learned much the same."""

    part = "sharpener"

    def begin(self) -> Sharpener:
        options, folder = self.recipe.options, self.recipe.path("init_from")
        if folder is None or not (folder / "stem").is_dir():
            raise RecipeError(f"init_from must name a model with a stem, not {folder}.")
        places = {name: None if options.get("afresh") else find_part(self.recipe, name)
                  for name in ("sharpener", "deblocker")}
        if places["sharpener"]:
            return load_part(places["sharpener"], "mtu.sharpener", "Sharpener")
        shape = {name: options[name] for name in ("widths", "depths", "packed", "margin")
                 if name in options}
        steepness = {str(scale): pair for scale, pair in options.get("steepness", {}).items()}
        module = Sharpener(**shape, steepness=steepness)
        if places["deblocker"]:
            known = load_part(places["deblocker"], "mtu.deblocker", "Deblocker").state_dict()
            known["place"] = known["place"].mean((2, 3), keepdim=True)  # it has no patches
            if any(value.shape != known[name].shape for name, value in module.state_dict().items()):
                raise RecipeError("The deblocker to start from has other widths or depths; "
                                  "the option afresh: true does without it.")
            module.load_state_dict(known)
        return module

    def make_pairs(self, folder: Path) -> list[Path]:
        options = self.recipe.options
        stem = load_part(find_part(self.recipe, "stem"), "mtu.stem", "Stem").eval()
        chosen = {name: options[name] for name in ("leaves", "clean") if name in options}
        return enlarge_pairs(stem, folder, options.get("pictures", 4800), self.recipe.seed,
                             atlas_path=options.get("atlas"), **chosen)
