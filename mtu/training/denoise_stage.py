"""What stages 2 and 3 share.

Both denoise pixel patches under flow matching, x_t = (1 − t)·x0 + t·noise, predict x0 and weigh
its error as a velocity's, 1/max(t, 0.1)² of the square (Li & He 2025, "Back to basics").
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image

from mtu.data.playground import Playground, Row
from mtu.pipeline import MTUPipeline
from mtu.playground.cells import stacked
from mtu.playground.model import PATCH, SIDE, TIME_SHIFT, build_scheduler
from mtu.space import PixelSpace

from .asked import Asked, label_errors
from .parts import take_part, take_text
from .stem_stage import to_pixels

SMALLEST_TIME = 0.1  # bounds the weight of the nearly clean rows
EARLY, EARLY_SHIFT = 0.3, 3.5  # share of the rows with nearly no signal, and where they lie
DROP = 0.05  # of the rows each: text, image, both (Brooks et al. 2023, InstructPix2Pix)


def to_patches(pictures: np.ndarray | list[np.ndarray]) -> torch.Tensor:
    """uint8 (B, H, W, 3) → float32 (B, 768, H/16, W/16) in [-1, 1]."""
    return F.pixel_unshuffle(to_pixels(pictures), PATCH)


def sample_times(count: int, generator: torch.Generator, shift: float,
                 early_share: float = EARLY) -> torch.Tensor:
    """Times (count,) in (0, 1), 1 = noise: sigmoid(0.8·n + shift) (Esser et al. 2024), and in a
    share of the rows, three of ten, sigmoid(n + 3.5), 0.97 in the middle.

    What stands where is decided there: of a thing that covers a sixth of the picture even a
    hundredth part of signal tells the place, and the sampler spends a third of its steps above 0.9.
    """
    times = torch.sigmoid(0.8 * torch.randn(count, generator=generator) + shift)
    early = torch.sigmoid(torch.randn(count, generator=generator) + EARLY_SHIFT)
    return torch.where(torch.rand(count, generator=generator) < early_share, early, times)


class DenoiseStage:
    """What both stages share: frozen text encoder, noising, loss and sample grids."""

    pattern: list[str]

    def __init__(self, recipe):
        self.recipe = recipe
        self.tokenizer, self.text_encoder = take_text(recipe)
        self.stem = take_part(recipe, "stem", "Stem")
        self.finder = take_part(recipe, "finder", "Finder")
        self.deblocker = take_part(recipe, "deblocker", "Deblocker")
        self.sharpener = take_part(recipe, "sharpener", "Sharpener")
        self.label_weight = recipe.options.get("label_weight", 0.0)
        self.space = PixelSpace(PATCH, recipe.options.get("place_code", 0.0))
        torch.manual_seed(recipe.seed)

    def dataset(self) -> Playground:
        options = self.recipe.options
        return Playground(self.pattern, self.recipe.seed, atlas_path=options.get("atlas"),
                          stem=self.stem, more_of=options.get("more_of"))

    def _fit_to_device(self) -> None:
        """Layout and attention that train fastest: on a CPU two matrix products beat the fused
        kernel about threefold at these sizes (forward and backward)."""
        self.unet.to(memory_format=torch.channels_last)
        if not torch.cuda.is_available():
            self.unet.set_attn_processor(AttnProcessor())
        self.module = self.unet
        if self.label_weight:
            self.module = Asked(self.unet)
            self.module.load_head(self.recipe.path("init_from"))
        self.forward = self.module
        if self.recipe.options.get("compile"):  # worth it for runs of an hour: minutes to compile
            self.forward = torch.compile(self.module, dynamic=False)

    def collate(self, rows: list[Row]) -> dict:
        # compiled code is made for one length
        padding = "max_length" if self.recipe.options.get("compile") else True
        texts = self.tokenizer([row.text for row in rows], padding=padding, truncation=True,
                               max_length=self.tokenizer.model_max_length, return_tensors="pt")
        empty = self.tokenizer("", return_tensors="pt").input_ids[0]
        target = to_patches([row.target for row in rows])
        return {"tasks": [row.task for row in rows], "ids": texts.input_ids, "empty": empty,
                "attention": texts.attention_mask, "target": target,
                "weight": torch.stack([self._weight(row) for row in rows]),
                "labels": torch.from_numpy(stacked(row.cells for row in rows)),
                **self._collate_condition(rows, target)}

    def _collate_condition(self, rows: list[Row], target: torch.Tensor) -> dict:
        return {}

    def _weight(self, row: Row) -> torch.Tensor:
        """(1, h, w), mean 1: more on the things of a drawing, which are less of it than the place
        but harder to learn; more where an edit changes the picture, because the rest is taken from
        the source afterwards."""
        options, weight = self.recipe.options, torch.ones(1, SIDE // PATCH, SIDE // PATCH)
        if row.task == "t2i":
            factor = options.get("thing_weight", 1.0)
            chosen = torch.from_numpy(row.cells[:1] > 0)
        elif row.task in ("edit", "inpaint"):
            change = np.abs(row.target.astype(np.int16) - row.source).max(-1) > 12
            factor = options.get("change_weight", 3.0)
            chosen = F.max_pool2d(torch.from_numpy(change)[None].float(), PATCH)
        else:
            return weight
        weight = weight + (factor - 1) * chosen.float()
        return weight / weight.mean()

    def _text(self, ids, attention, drop: torch.Tensor, empty: torch.Tensor):
        """Encoded prompts (B, L, D) and their mask; rows of `drop` get the empty prompt."""
        ids, attention = ids.clone(), attention.clone()
        ids[drop], attention[drop] = 0, 0
        ids[drop, : len(empty)] = empty
        attention[drop, : len(empty)] = 1
        device = next(self.module.parameters()).device
        self.text_encoder.to(device)
        ids, attention = ids.to(device), attention.to(device)
        with torch.no_grad():
            states = self.text_encoder(input_ids=ids, attention_mask=attention).last_hidden_state
        return states, attention

    def _noised(self, target: torch.Tensor, generator: torch.Generator):
        options = self.recipe.options
        times = sample_times(len(target), generator, options.get("noise_shift", TIME_SHIFT),
                             options.get("early_share", EARLY))
        noise = torch.randn(target.shape, generator=generator)
        t = times[:, None, None, None]
        device = next(self.module.parameters()).device
        noised = self.space.placed((1 - t) * target + t * noise)
        return noised.to(device, memory_format=torch.channels_last), times.to(device)

    def _errors(self, batch, times, noised, text, attention, **shared):
        """The errors (B,) of what the UNet predicts, and the losses of what its features are
        asked, by name."""
        out = self.forward(noised, times * 1000, text, encoder_attention_mask=attention, **shared)
        sample, losses = out[0], {}
        if self.label_weight:
            said = label_errors(out[1], batch["labels"], batch["weight"])
            losses["cells"] = self.label_weight * said.mean()
        return self._row_errors(sample, batch["target"], times, batch["weight"]), losses

    @staticmethod
    def _row_errors(predicted, target, times, weight=None) -> torch.Tensor:
        """Per row: mean of weight · ((x̂0 − x0) / max(t, 0.1))²."""
        error = predicted.float() - target.to(predicted.device)
        error = error * error
        if weight is not None:
            error = error * weight.to(predicted.device)
        return error.mean((1, 2, 3)) / times.clamp(min=SMALLEST_TIME).square()

    def _save_grid(self, pictures: list[Image.Image], columns: int, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        sheet = Image.new("RGB", (columns * SIDE, -(-len(pictures) // columns) * SIDE))
        for k, picture in enumerate(pictures):
            sheet.paste(picture.resize((SIDE, SIDE)), (k % columns * SIDE, k // columns * SIDE))
        sheet.save(file, quality=88)

    def pipeline(self, unet) -> MTUPipeline:
        """The pipeline around this stage's parts, with the embedded model's settings."""
        options = self.recipe.options
        return MTUPipeline(
            unet=unet, text_encoder=self.text_encoder, tokenizer=self.tokenizer,
            scheduler=build_scheduler(), stem=self.stem, prediction_type="sample", patch_size=PATCH,
            default_steps=options.get("default_steps", 16), default_size=SIDE,
            guidance=options.get("guidance", {}), use_attention_mask=True,
            residual=options.get("residual", {}), first_look=options.get("first_look", {}),
            residual_share=options.get("residual_share", {}), strangest=options.get("strangest"),
            fast=options.get("fast"), finder=self.finder, deblocker=self.deblocker,
            sharpener=self.sharpener, place_code=options.get("place_code", 0.0),
            keep_structure=options.get("keep_structure", False), glance=options.get("glance"))
