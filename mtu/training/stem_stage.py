"""The stage that trains the stem of enlarging, by regression on pictures it knows sharp."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from mtu.data.enlargements import Enlargements, Pair
from mtu.stem import Stem, bicubic

from .parts import add_figures, find_part, load_part
from .recipe import RecipeError

UNSEEN = 10**6  # a seed that no run has
EXACT = (1 / 255) ** 2  # squared error that is none, colours in [-1, 1]
FLAT = (4 / 255) ** 2  # edge energy that is none
LUMA = (0.299, 0.587, 0.114)
RINGS = 8  # of a spectrum


class StemStage:
    """Small degraded crops in, a Stem out.

    The loss is the logarithm of each crop's mean squared error (`pixels`; 0.23 is a decibel, so
    that a faint texture counts as much as a sharp edge) and that of its gradient energy over the
    truth's (`energy`), either way: a mean of all that might be is blurred, and would be right by
    the first alone. Gradients there are Sobel's, to which a check of single pixels, the cheapest
    way to have some, is flat; and no ring of the spectrum may hold more than the truth's
    (`excess`, the mean logarithm of what does; Durall et al. 2020, "Watch your up-convolution").
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
        options = self.recipe.options
        pixels, energy, excess = sum(parts)
        return {"pixels": pixels, "energy": options.get("energy", 0.1) * energy,
                "excess": options.get("excess", 0.0) * excess}

    @torch.no_grad()
    def figures(self, count: int = 32) -> dict[str, float]:
        """Of each scale on unseen crops: dB over bicubic, and edge energy of the truth's."""
        data = self.dataset()
        data = Enlargements(UNSEEN, data.crop, count, 0.0, data.side, data.atlas_path)
        device, result = next(self.module.parameters()).device, {}
        for scale, (small, sharp) in self.collate([data[k] for k in range(count)]).items():
            made = self.module(small.to(device), scale).clamp(-1, 1).cpu()
            ours, theirs = ((shown - sharp).square().mean((1, 2, 3)).clamp(min=1e-6).log10()
                            for shown in (made, bicubic(small, scale)))
            result[f"x{scale}"] = float(10 * (theirs - ours).mean())
            result[f"x{scale} energy"] = float(edge_energy(made).sum() / edge_energy(sharp).sum())
        return result

    def sample(self, folder: Path, step: int) -> None:
        add_figures(folder / "figures.txt", step, self.figures())

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


def _errors(made: torch.Tensor, sharp: torch.Tensor) -> tuple[torch.Tensor, ...]:
    error = (made - sharp).square().mean((1, 2, 3))
    energy = (edge_energy(made) + FLAT).log() - (edge_energy(sharp) + FLAT).log()
    excess = (ring_powers(made) + EXACT).log() - (ring_powers(sharp) + EXACT).log()
    return (error + EXACT).log().mean(), energy.abs().mean(), excess.clamp(min=0).mean()


def edge_energy(pictures: torch.Tensor) -> torch.Tensor:
    """Mean squared length of Sobel's gradient of the luma of each picture (B, 3, H, W), a pixel's
    change as the unit: (B,)"""
    return edge_energies(pictures).mean((1, 2))


def edge_energies(pictures: torch.Tensor) -> torch.Tensor:
    """`edge_energy` of each pixel but those at the border: (B, H − 2, W − 2)"""
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=pictures.device) / 8
    both = torch.stack([across, across.T])[:, None]
    return F.conv2d(_luma(pictures), both).square().sum(1)


def _luma(pictures: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) -> (B, 1, H, W)"""
    return (pictures * torch.tensor(LUMA, device=pictures.device)[:, None, None]).sum(1, True)


def ring_powers(pictures: torch.Tensor) -> torch.Tensor:
    """The power (B, RINGS) of the luma of pictures (B, 3, n, n) in rings of its spectrum that are
    equally wide, from frequency 0 to that of a check of single pixels; their sum is the mean
    square. A window (Hann's) keeps what meets at opposite borders out of it."""
    side, device = pictures.shape[-1], pictures.device
    window = torch.hann_window(side, periodic=False, device=device)
    window = window[:, None] * window
    power = torch.fft.fft2(_luma(pictures)[:, 0] * window).abs().square()
    power = power / (side**2 * window.square().sum())
    across = torch.fft.fftfreq(side, device=device)
    radius = torch.hypot(across[:, None], across) / 0.5**0.5  # of the check's, 0 to 1
    ring = (radius * RINGS).long().clamp(max=RINGS - 1)
    rings = torch.zeros(len(power), RINGS, device=device)
    return rings.index_add(1, ring.flatten(), power.flatten(1))
