"""Stages 2 and 3: the base text-to-image UNet, then the upcycled UNet on four tasks.

Both denoise pixel patches under flow matching, x_t = (1 − t)·x0 + t·noise, predict x0 and weigh
its error as a velocity's, 1/max(t, 0.1)² of the square (Li & He 2025, "Back to basics").
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from mtu.conditioning import ConditionLayout, patch_mask
from mtu.config import MTUConfig, condition_layout
from mtu.data.mixture import batch_pattern
from mtu.data.playground import Playground, Row
from mtu.look import hidden_under
from mtu.pipeline import MTUPipeline
from mtu.playground.model import PATCH, SIDE, TIME_SHIFT, build_scheduler, build_unet
from mtu.residual import Residual
from mtu.space import PixelSpace
from mtu.unet import MTUUNet2DConditionModel

from .recipe import RecipeError
from .stem_stage import find_stem, to_pixels

SMALLEST_TIME = 0.1  # bounds the weight of the nearly clean rows
EARLY, EARLY_SHIFT = 0.3, 3.5  # share of the rows with nearly no signal, and where they lie
DROP = 0.05  # of the rows each: text, image, both (Brooks et al. 2023, InstructPix2Pix)
CONDITION = condition_layout(3 * PATCH**2, PATCH**2)


def to_patches(pictures: np.ndarray | list[np.ndarray]) -> torch.Tensor:
    """uint8 (B, H, W, 3) → float32 (B, 768, H/16, W/16) in [-1, 1]."""
    return F.pixel_unshuffle(to_pixels(pictures), PATCH)


def sample_times(count: int, generator: torch.Generator, shift: float) -> torch.Tensor:
    """Times (count,) in (0, 1), 1 = noise: sigmoid(0.8·n + shift) (Esser et al. 2024), and in three
    rows of ten sigmoid(n + 3.5), 0.97 in the middle.

    What stands where is decided there: of a thing that covers a sixth of the picture even a
    hundredth part of signal tells the place, and the sampler spends a third of its steps above 0.9.
    """
    times = torch.sigmoid(0.8 * torch.randn(count, generator=generator) + shift)
    early = torch.sigmoid(torch.randn(count, generator=generator) + EARLY_SHIFT)
    return torch.where(torch.rand(count, generator=generator) < EARLY, early, times)


class _DenoiseStage:
    """What both stages share: frozen text encoder, noising, loss and sample grids."""

    pattern: list[str]

    def __init__(self, recipe):
        self.recipe = recipe
        folder = recipe.path("init_from")
        if folder is None or not (folder / "text_encoder").is_dir():
            raise RecipeError(f"init_from must name a folder with a text encoder, not {folder}.")
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
        self.text_encoder = T5EncoderModel.from_pretrained(folder / "text_encoder")
        self.text_encoder.requires_grad_(False).eval()
        self.stem = find_stem(recipe)
        self.space = PixelSpace(PATCH, recipe.options.get("place_code", 0.0))
        torch.manual_seed(recipe.seed)

    def dataset(self) -> Playground:
        options = self.recipe.options
        return Playground(self.pattern, self.recipe.seed, atlas_path=options.get("atlas"),
                          stem=self.stem, more_of=options.get("more_of"))

    def _fit_to_device(self) -> None:
        """Layout and attention that train fastest: on a CPU two matrix products beat the fused
        kernel about threefold at these sizes (forward and backward)."""
        self.module.to(memory_format=torch.channels_last)
        if not torch.cuda.is_available():
            self.module.set_attn_processor(AttnProcessor())
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
                **self._collate_condition(rows, target)}

    def _collate_condition(self, rows: list[Row], target: torch.Tensor) -> dict:
        return {}

    def _weight(self, row: Row) -> torch.Tensor:
        """(1, h, w), mean 1: more on the things of a drawing, which are less of it than the place
        but harder to learn; more where an edit changes the picture, because the rest is taken from
        the source afterwards."""
        options, weight = self.recipe.options, torch.ones(1, SIDE // PATCH, SIDE // PATCH)
        if row.focus is not None:
            factor, chosen = options.get("thing_weight", 1.0), torch.from_numpy(row.focus)[None]
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
        times = sample_times(len(target), generator, TIME_SHIFT)
        noise = torch.randn(target.shape, generator=generator)
        t = times[:, None, None, None]
        device = next(self.module.parameters()).device
        noised = self.space.placed((1 - t) * target + t * noise)
        return noised.to(device, memory_format=torch.channels_last), times.to(device)

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
            fast=options.get("fast"), place_code=options.get("place_code", 0.0))


def _is_upcycled(folder: Path) -> bool:
    return "mtu" in UNet2DConditionModel.load_config(folder)


def _upcycled(folder: Path) -> MTUUNet2DConditionModel:
    """The upcycled UNet in `folder`, in float32. RecipeError if there is none."""
    if not folder.is_dir() or not _is_upcycled(folder):
        raise RecipeError(f"unfold must name a pipeline with an upcycled UNet, and {folder} is "
                          "none.")
    return MTUUNet2DConditionModel.from_pretrained(folder).float()


class BaseStage(_DenoiseStage):
    """A plain UNet2DConditionModel learns text-to-image from captions."""

    def __init__(self, recipe):
        super().__init__(recipe)
        self.pattern = ["t2i"]
        self.module = self._started(recipe.path("init_from") / "unet")
        self._fit_to_device()

    @staticmethod
    def _started(folder: Path) -> UNet2DConditionModel:
        """A fresh UNet, the one in `folder`, or what an upcycled one there draws with."""
        if not folder.is_dir():
            return build_unet()
        if not _is_upcycled(folder):
            return UNet2DConditionModel.from_pretrained(folder)
        unet = _upcycled(folder).fold("t2i")
        return unet.requires_grad_(True)

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        target = batch["target"]
        drop = torch.rand(len(target), generator=generator) < 2 * DROP
        text, attention = self._text(batch["ids"], batch["attention"], drop, batch["empty"])
        noised, times = self._noised(target, generator)
        out = self.forward(noised, times * 1000, text, encoder_attention_mask=attention).sample
        return {"t2i": self._row_errors(out, target, times, batch["weight"]).mean()}

    def sample(self, folder: Path, step: int) -> None:
        data = Playground(["t2i"], 777, split="train", atlas_path=self.recipe.options.get("atlas"))
        pipe = self.pipeline(self.module)
        pictures = [
            pipe("t2i", data[k].text, generator=torch.Generator().manual_seed(k)).images[0]
            for k in range(12)]
        self._save_grid(pictures, 6, folder / "samples" / f"{step:06d}.jpg")

    def export(self, folder: Path) -> None:
        self.module.save_pretrained(folder / "unet")
        self.text_encoder.save_pretrained(folder / "text_encoder")
        self.tokenizer.save_pretrained(folder / "tokenizer")
        build_scheduler().save_pretrained(folder / "scheduler")


class MultitaskStage(_DenoiseStage):
    """The upcycled UNet learns the four tasks; only MTU's own set of tensors is trained."""

    def __init__(self, recipe):
        super().__init__(recipe)
        weights = recipe.task_weights or dict.fromkeys(CONDITION, 1.0)
        unknown = sorted(set(weights) - set(CONDITION))
        if unknown:
            raise RecipeError(f"task_weights names the unknown task {unknown[0]!r}.")
        self.pattern = batch_pattern(weights, recipe.batch_size)
        folder = recipe.path("init_from") / "unet"
        options = recipe.options
        unfold = options.get("unfold")
        if _is_upcycled(folder):
            self.module = _upcycled(folder)
        elif unfold:  # the base is what this upcycled one drew with, trained on
            self.module = _upcycled(Path(unfold).expanduser() / "unet")
            try:
                self.module.unfold("t2i", UNet2DConditionModel.from_pretrained(folder))
            except ValueError as error:
                raise RecipeError(f"{unfold} cannot take back {folder}: {error}.") from error
        else:
            base = UNet2DConditionModel.from_pretrained(folder)
            config = MTUConfig(num_experts=options.get("num_experts", 4), tasks=CONDITION,
                               init=options.get("init", "preserving"))
            torch.manual_seed(recipe.seed)
            self.module = MTUUNet2DConditionModel.from_unet(base, config)
        self._fit_to_device()
        self.residual = options.get("residual", {})
        self.first_look = options.get("first_look", {})
        self.layouts = {task: ConditionLayout.of(n, 3 * PATCH**2, PATCH**2)
                        for task, n in CONDITION.items()}

    def _collate_condition(self, rows: list[Row], target: torch.Tensor) -> dict:
        """condition (B, C, h, w), padded to the widest task. Turns the target of a task that
        learns the change of its source into that change."""
        width = max(CONDITION.values())
        side = SIDE // PATCH
        condition = torch.zeros(len(rows), width, side, side)
        for k, row in enumerate(rows):
            if row.source is None:
                continue
            source, mask = to_pixels([row.source]), None
            if row.mask is not None:
                area = torch.from_numpy(row.mask)[None, None].float()
                mask = patch_mask(area, PATCH)
                if row.task in self.first_look:
                    source = hidden_under(source, area)
            source = F.pixel_unshuffle(source, PATCH)
            packed = self.layouts[row.task].pack(source, mask)
            condition[k, : packed.shape[1]] = packed[0]
            if row.task in self.residual:
                residual = Residual(packed[:, : 3 * PATCH**2], self.residual[row.task])
                target[k] = residual.sample(target[k : k + 1])[0]
        return {"condition": condition}

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        target, tasks = batch["target"], batch["tasks"]
        lot = torch.rand(len(target), generator=generator)
        plain = torch.tensor([task == "t2i" for task in tasks])
        drop_text = torch.where(plain, lot < 2 * DROP, (lot < DROP) | (lot > 1 - DROP))
        drop_image = ~plain & (lot > 1 - 2 * DROP)  # with the text above 1 − DROP, alone below
        condition = batch["condition"].masked_fill(drop_image[:, None, None, None], 0.0)
        text, attention = self._text(batch["ids"], batch["attention"], drop_text, batch["empty"])
        noised, times = self._noised(target, generator)
        out = self.forward(noised, times * 1000, text, encoder_attention_mask=attention, task=tasks,
                           condition=condition.to(noised.device)).sample
        errors = self._row_errors(out, target, times, batch["weight"])
        # the sum over tasks of each task's share of the batch
        return {name: errors[[k for k, task in enumerate(tasks) if task == name]].sum() / len(tasks)
                for name in dict.fromkeys(tasks)}

    def sample(self, folder: Path, step: int) -> None:
        pipe = self.pipeline(self.module)
        pictures = []
        for task in CONDITION:
            data = Playground([task], 778, atlas_path=self.recipe.options.get("atlas"))
            for k in range(6):
                pictures += self._sampled(pipe, data[k], k)
        self._save_grid(pictures, 12, folder / "samples" / f"{step:06d}.jpg")

    @staticmethod
    def _sampled(pipe: MTUPipeline, row: Row, seed: int) -> list[Image.Image]:
        generator = torch.Generator().manual_seed(seed)
        if row.task == "t2i":
            return [Image.fromarray(row.target),
                    pipe("t2i", row.text, generator=generator).images[0]]
        source = Image.fromarray(row.source)
        if row.task == "sr":
            small = source.resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
            return [source, pipe("sr", "", small, scale=2, generator=generator).images[0]]
        mask = None if row.mask is None else Image.fromarray(row.mask.astype(np.uint8) * 255)
        return [source, pipe(row.task, row.text, source, mask=mask, generator=generator).images[0]]

    def export(self, folder: Path) -> None:
        dtype = torch.bfloat16 if self.recipe.options.get("export_dtype") == "bf16" else None
        if dtype:
            self.module.to(dtype)
            self.text_encoder.to(dtype)
            if self.stem:
                self.stem.to(torch.float16)  # as small a file, and three bits more of each weight
        self.pipeline(self.module).save_pretrained(folder, max_shard_size="14MB")
