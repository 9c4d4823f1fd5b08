"""The stage that trains the scene reader, the judge of `mtu.evaluate`."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from mtu.data.reader import IGNORED, ReaderRow, ReaderRows
from mtu.evaluation.reader import CLASSES, SceneReader

from .parts import add_figures

WEIGHTS = {"thing": 6.0, "color": 1.0, "place": 1.0, "time": 0.5, "weather": 0.5, "style": 0.5}


class ReaderStage:
    """Rendered scenes in, right and wrong ones; a SceneReader out."""

    def __init__(self, recipe):
        self.recipe = recipe
        torch.manual_seed(recipe.seed)
        self.module = SceneReader()
        if recipe.init_from:
            self.module.take_over(recipe.path("init_from"))
        self.module.to(memory_format=torch.channels_last)

    def dataset(self) -> ReaderRows:
        return ReaderRows(self.recipe.seed, atlas_path=self.recipe.options.get("atlas"))

    def collate(self, rows: list[ReaderRow]) -> dict[str, torch.Tensor]:
        """pictures (B, 3, 128, 128) in [-1, 1], and a class number per cell or picture."""
        pixels = torch.from_numpy(np.stack([row.picture for row in rows])).permute(0, 3, 1, 2)
        answers = {name: torch.tensor([row.whole[name] for row in rows])
                   for name in ("place", "time", "weather", "style")}
        for name in ("thing", "color"):
            answers[name] = torch.from_numpy(np.stack([getattr(row, name) for row in rows]))
        return {"pictures": pixels.float() / 127.5 - 1, **answers}

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        device = next(self.module.parameters()).device
        pictures = batch["pictures"].to(device, memory_format=torch.channels_last)
        out = self.module(pictures)
        losses = {}
        for name, weight in WEIGHTS.items():
            answer = batch[name].to(device)
            total = F.cross_entropy(out[name].float(), answer, ignore_index=IGNORED,
                                    reduction="sum")
            losses[name] = weight * total / (answer != IGNORED).sum().clamp(min=1)
        return losses

    @torch.no_grad()
    def accuracy(self, count: int = 256, seed: int = 10**6) -> dict[str, float]:
        """Share right on unseen rows; "thing" on cells that hold one, "none" on the others."""
        rows = ReaderRows(seed, atlas_path=self.recipe.options.get("atlas"))
        batch = self.collate([rows[k] for k in range(count)])
        device = next(self.module.parameters()).device
        out = self.module(batch["pictures"].to(device))
        result = {}
        for name in CLASSES:
            right, answer = out[name].argmax(1).cpu() == batch[name], batch[name]
            known = (answer > 0) if name == "thing" else (answer != IGNORED)
            result[name] = float(right[known].float().mean())
        empty = batch["thing"] == 0
        result["none"] = float((out["thing"].argmax(1).cpu() == 0)[empty].float().mean())
        return result

    def sample(self, folder: Path, step: int) -> None:
        add_figures(folder / "accuracy.txt", step, self.accuracy())

    def export(self, folder: Path) -> None:
        self.sample(self.recipe.path("run_dir"), self.recipe.steps)
        self.module.save_pretrained(folder)
