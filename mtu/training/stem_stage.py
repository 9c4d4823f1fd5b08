"""The stage that trains the stem of enlarging, by regression on pictures it knows sharp."""

from pathlib import Path

import numpy as np
import torch

from mtu.data.enlargements import Enlargements, Pair
from mtu.stem import Stem, bicubic

from .parts import find_part, load_part
from .recipe import RecipeError

UNSEEN = 10**6  # a seed that no run has
EXACT = (1 / 255) ** 2  # squared error that is none, colours in [-1, 1]
FLAT = (4 / 255) ** 2  # gradient energy that is none
LUMA = (0.299, 0.587, 0.114)


class StemStage:
    """Small degraded crops in, a Stem out.

    The loss is the logarithm of each crop's mean squared error (`pixels`; 0.23 is a decibel, so
    that a faint texture counts as much as a sharp edge) and that of its gradient energy over the
    truth's (`energy`), either way: a mean of all that might be is blurred, and would be right by
    the first alone.
    """

    def __init__(self, recipe):
        self.recipe = recipe
        options = recipe.options
        torch.manual_seed(recipe.seed)
        shape = ("channels", "blocks", "deep_channels", "deep_blocks", "packed")
        self.module = Stem(**{name: options[name] for name in shape if name in options})
        if recipe.init_from:
            self._take_over(find_part(recipe, "stem"))
        self.module.to(memory_format=torch.channels_last)
        self.overshoot = {str(scale): factor
                          for scale, factor in options.get("overshoot", {}).items()}
        unknown = sorted(set(self.overshoot) - set(self.module.conv_out))
        if unknown:
            raise RecipeError(f"overshoot names the scale {unknown[0]}, which the stem has not.")

    def _take_over(self, place: Path | None) -> None:
        """Start from the stem in the folder `place`, of the same channels and blocks; blocks at
        half the resolution that it has not begin by changing nothing."""
        if place is None:
            raise RecipeError(f"There is no stem in {self.recipe.init_from} to start from.")
        known, own = load_part(place, "mtu.stem", "Stem").state_dict(), self.module.state_dict()
        if any(name not in own or own[name].shape != known[name].shape for name in known):
            raise RecipeError(f"The stem in {place.parent} has other channels or blocks.")
        if self.module.deep and not any(name.startswith("deep.") for name in known):
            known |= {name: torch.zeros_like(value) if name.startswith("deep.up") else value
                      for name, value in own.items() if name.startswith("deep.")}
        self.module.load_state_dict(known)

    def dataset(self) -> Enlargements:
        options = self.recipe.options
        chosen = {name: options[name] for name in ("crop", "pictures", "leaves", "clean")
                  if name in options}
        return Enlargements(self.recipe.seed, atlas_path=options.get("atlas"), **chosen)

    def collate(self, rows: list[Pair]) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
        """scale -> small (B, 3, c, c) and sharp (B, 3, scale·c, scale·c), in [-1, 1]."""
        batch = {}
        for scale in sorted({row.scale for row in rows}):
            chosen = [row for row in rows if row.scale == scale]
            batch[scale] = tuple(to_pixels([getattr(row, name) for row in chosen])
                                 for name in ("small", "sharp"))
        return batch

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        device = next(self.module.parameters()).device
        parts, count = [], sum(len(small) for small, _ in batch.values())
        for scale, (small, sharp) in batch.items():
            small = small.to(device, memory_format=torch.channels_last)
            errors = _errors(self.module(small, scale), sharp.to(device))
            parts.append(len(small) / count * torch.stack(errors))
        pixels, energy = sum(parts)
        return {"pixels": pixels, "energy": self.recipe.options.get("energy", 0.1) * energy}

    @torch.no_grad()
    def figures(self, count: int = 32) -> dict[str, float]:
        """Of each scale on unseen crops: dB over bicubic, and gradient energy of the truth's."""
        data = self.dataset()
        data = Enlargements(UNSEEN, data.crop, count, 0.0, data.side, data.atlas_path)
        device, result = next(self.module.parameters()).device, {}
        for scale, (small, sharp) in self.collate([data[k] for k in range(count)]).items():
            made = self.module(small.to(device), scale).clamp(-1, 1).cpu()
            ours, theirs = ((shown - sharp).square().mean((1, 2, 3)).clamp(min=1e-6).log10()
                            for shown in (made, bicubic(small, scale)))
            result[f"x{scale}"] = float(10 * (theirs - ours).mean())
            result[f"x{scale} energy"] = float(_energy(made).sum() / _energy(sharp).sum())
        return result

    def sample(self, folder: Path, step: int) -> None:
        report = " ".join(f"{name} {value:.3f}" for name, value in self.figures().items())
        with (folder / "figures.txt").open("a") as file:
            file.write(f"step {step}: {report}\n")

    @torch.no_grad()
    def export(self, folder: Path) -> None:
        """With the option `overshoot` (scale -> factor) the change to the bicubic enlargement is
        made by so much too large: sharper, and for a few percent hardly further from the truth."""
        for scale, factor in self.overshoot.items():
            self.module.conv_out[scale].weight *= factor
            self.module.conv_out[scale].bias *= factor
        self.sample(self.recipe.path("run_dir"), self.recipe.steps)
        self.module.save_pretrained(folder)


def to_pixels(pictures: list[np.ndarray]) -> torch.Tensor:
    """uint8 (B, H, W, 3) → float32 (B, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _differences(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """To the right and down, of (B, C, H, W)."""
    return pictures.diff(dim=3)[:, :, :-1], pictures.diff(dim=2)[..., :-1]


def _errors(made: torch.Tensor, sharp: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    error = (made - sharp).square().mean((1, 2, 3))
    energy = (_energy(made) + FLAT).log() - (_energy(sharp) + FLAT).log()
    return (error + EXACT).log().mean(), energy.abs().mean()


def _energy(pictures: torch.Tensor) -> torch.Tensor:
    """Mean squared length of the luma's gradient of each, (B,)"""
    luma = torch.tensor(LUMA, device=pictures.device)[:, None, None]
    differences = _differences((pictures * luma).sum(1, keepdim=True))
    return sum(difference.square().mean((1, 2, 3)) for difference in differences)
