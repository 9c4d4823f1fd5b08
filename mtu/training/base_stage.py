"""Stage 2: the base, a plain text-to-image UNet."""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

from mtu.data.playground import Playground
from mtu.playground.model import build_scheduler, build_unet
from mtu.unet import MTUUNet2DConditionModel

from .asked import Asked
from .denoise_stage import DROP, DenoiseStage
from .parts import as_new
from .recipe import RecipeError


def is_upcycled(folder: Path) -> bool:
    """True for the folder of an MTUUNet2DConditionModel."""
    return "mtu" in UNet2DConditionModel.load_config(folder)


def load_upcycled(folder: Path) -> MTUUNet2DConditionModel:
    """The upcycled UNet in `folder`, in float32. RecipeError if there is none."""
    if not folder.is_dir() or not is_upcycled(folder):
        raise RecipeError(f"unfold must name a pipeline with an upcycled UNet, and {folder} is "
                          "none.")
    unet = as_new(MTUUNet2DConditionModel.from_pretrained(folder).float())
    unet.freeze_base()
    return unet.eval()


class BaseStage(DenoiseStage):
    """A plain UNet2DConditionModel learns text-to-image from captions."""

    def __init__(self, recipe):
        super().__init__(recipe)
        self.pattern = ["t2i"]
        self.unet = self._started(recipe.path("init_from") / "unet")
        self._fit_to_device()

    @staticmethod
    def _started(folder: Path) -> UNet2DConditionModel:
        """A fresh UNet, the one in `folder`, or what an upcycled one there draws with."""
        if not folder.is_dir():
            return build_unet()
        if not is_upcycled(folder):
            return UNet2DConditionModel.from_pretrained(folder)
        unet = load_upcycled(folder).fold("t2i")
        return unet.requires_grad_(True)

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        target = batch["target"]
        drop = torch.rand(len(target), generator=generator) < 2 * DROP
        text, attention = self._text(batch["ids"], batch["attention"], drop, batch["empty"])
        noised, times = self._noised(target, generator)
        errors, cells = self._errors(batch, times, noised, text, attention)
        return {"t2i": errors.mean()} | cells

    def sample(self, folder: Path, step: int) -> None:
        data = Playground(["t2i"], 777, split="train", atlas_path=self.recipe.options.get("atlas"))
        pipe = self.pipeline(self.unet)
        pictures = [
            pipe("t2i", data[k].text, generator=torch.Generator().manual_seed(k)).images[0]
            for k in range(12)]
        self._save_grid(pictures, 6, folder / "samples" / f"{step:06d}.jpg")

    def export(self, folder: Path) -> None:
        self.unet.save_pretrained(folder / "unet")
        if isinstance(self.module, Asked):
            self.module.save_head(folder)
        self.text_encoder.save_pretrained(folder / "text_encoder")
        self.tokenizer.save_pretrained(folder / "tokenizer")
        build_scheduler().save_pretrained(folder / "scheduler")
