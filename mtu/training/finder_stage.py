"""The stage that trains the finder: pictures and requests in, the cells that change out."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention, AttnProcessor
from torch import nn

from mtu.data.finding import Finding, Sought
from mtu.finder import Finder, chosen_cells

from .asked import NUMBERS, head, label_errors
from .parts import add_figures, find_part, load_part, take_text
from .stem_stage import UNSEEN, to_pixels

NEARLY, FEW = 0.9, 10  # share of the cells to change that is enough, cells that are too many


class Seeing(nn.Module):
    """A finder, and a layer that tells from what it sees what stands in each cell, before it
    reads a word. The layer is not shipped: it teaches the eye the names of things."""

    def __init__(self, finder: Finder):
        super().__init__()
        self.finder = finder
        self.label_head = head(finder.norm.normalized_shape[0])

    def forward(self, pixels, states, mask) -> tuple[torch.Tensor, torch.Tensor]:
        """As `Finder.find`, with several requests of each picture -> logits (B·K, 1, h, w) and
        answers (B, sum(NUMBERS), h, w)."""
        seen = self.finder.see(pixels)
        labels = self.label_head(seen.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.finder.find(seen, states, mask), labels


class FinderStage:
    """Requests of pictures in, a Finder out, for the text encoder in the model that the recipe
    starts from (`init_from`), whose finder it goes on from where that has one.

    The loss is the cross-entropy of each cell (`find`), and that of what stands there (`cells`,
    times the option `label_weight`).
    """

    def __init__(self, recipe):
        self.recipe = recipe
        self.tokenizer, self.text_encoder = take_text(recipe)
        torch.manual_seed(recipe.seed)
        options = recipe.options
        place = None if options.get("afresh") else find_part(recipe, "finder")
        shape = {name: options[name] for name in ("widths", "depths", "layers", "packed")
                 if name in options}
        finder = load_part(place, "mtu.finder", "Finder") if place else Finder(
            self.text_encoder.config.d_model, **shape)
        self.module = Seeing(finder).to(memory_format=torch.channels_last)
        if not torch.cuda.is_available():  # as in denoise_stage.py
            for part in finder.modules():
                if isinstance(part, Attention):
                    part.set_processor(AttnProcessor())

    def dataset(self, seed: int | None = None) -> Finding:
        options = self.recipe.options
        chosen = {name: options[name] for name in ("requests", "more_of", "worn")
                  if name in options}
        return Finding(self.recipe.seed if seed is None else seed,
                       atlas_path=options.get("atlas"), **chosen)

    def collate(self, rows: list[Sought]) -> dict[str, torch.Tensor]:
        """pixels (B, 3, H, W) in [-1, 1], labels (B, 5, 16, 16); ids and attention (B·K, L) and
        cells (B·K, 1, 16, 16) of the K requests of each picture, in turn."""
        texts = self.tokenizer([text for row in rows for text in row.texts], padding=True,
                               truncation=True, max_length=self.tokenizer.model_max_length,
                               return_tensors="pt")
        return {"pixels": to_pixels([row.picture for row in rows]),
                "labels": torch.from_numpy(np.stack([row.labels for row in rows])),
                "ids": texts.input_ids, "attention": texts.attention_mask,
                "cells": torch.from_numpy(np.concatenate([row.cells for row in rows]))[:, None]}

    def _answers(self, batch) -> tuple[torch.Tensor, torch.Tensor]:
        device = next(self.module.parameters()).device
        ids, attention = batch["ids"].to(device), batch["attention"].to(device)
        with torch.no_grad():
            encoder = self.text_encoder.to(device)
            states = encoder(input_ids=ids, attention_mask=attention).last_hidden_state
        pixels = batch["pixels"].to(device, memory_format=torch.channels_last)
        return self.module(pixels, states, attention)

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        found, labels = self._answers(batch)
        cells = batch["cells"].to(found.device, torch.float32)
        everywhere = torch.ones_like(batch["labels"][:, :1])
        said = label_errors(labels, batch["labels"], everywhere).mean()
        return {"find": F.binary_cross_entropy_with_logits(found.float(), cells),
                "cells": self.recipe.options.get("label_weight", 0.3) * said}

    @torch.no_grad()
    def figures(self) -> dict[str, float]:
        """On unseen pictures (the option `unseen`, 100), the share of the requests whose cells are
        found (NEARLY all of them, with fewer than FEW too many; of what is not there none), in all
        and by kind; and `named`, the share of the cells with a thing whose thing the eye knows."""
        data = self.dataset(UNSEEN)
        rows = [data[k] for k in range(self.recipe.options.get("unseen", 100))]
        batch = self.collate(rows)
        found, labels = (answer.cpu() for answer in self._answers(batch))
        right: dict[str, list[bool]] = {}
        kinds = [kind for row in rows for kind in row.kinds]
        for kind, logits, cells in zip(kinds, found, batch["cells"], strict=True):
            chosen = chosen_cells(logits[None])[0] > 0
            good = (chosen & cells).sum() >= NEARLY * cells.sum()
            good &= (chosen & ~cells).sum() < (FEW if cells.any() else 1)
            right.setdefault(kind, []).append(bool(good))
        things = batch["labels"][:, 0].long()
        known = labels[:, : NUMBERS["thing"]].argmax(1) == things
        return {"named": float(known[things > 0].float().mean()),
                "found": float(np.mean([each for every in right.values() for each in every])),
                **{kind: float(np.mean(every)) for kind, every in sorted(right.items())}}

    def sample(self, folder: Path, step: int) -> None:
        add_figures(folder / "figures.txt", step, self.figures())

    def export(self, folder: Path) -> None:
        self.sample(self.recipe.path("run_dir"), self.recipe.steps)
        self.module.finder.to(torch.float16).save_pretrained(folder)
