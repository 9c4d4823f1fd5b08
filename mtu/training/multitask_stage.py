"""Stage 3: the upcycled UNet on four tasks."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from PIL import Image

from mtu.conditioning import ConditionLayout, patch_mask
from mtu.config import MTUConfig, condition_layout
from mtu.data.mixture import batch_pattern
from mtu.data.playground import Playground, Row
from mtu.look import hidden_under
from mtu.pipeline import MTUPipeline
from mtu.playground.model import PATCH, SIDE
from mtu.residual import Residual
from mtu.unet import MTUUNet2DConditionModel

from .base_stage import is_upcycled, load_upcycled
from .denoise_stage import DROP, DenoiseStage
from .finetune.methods import COMPONENT_NAMES
from .recipe import RecipeError
from .stem_stage import to_pixels

CONDITION = condition_layout(3 * PATCH**2, PATCH**2)


class MultitaskStage(DenoiseStage):
    """The upcycled UNet learns the four tasks. MTU's own set of tensors is trained, and what
    `thaw` names of the base."""

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
        if is_upcycled(folder):
            self.unet = load_upcycled(folder)
        elif unfold:  # the base is what this upcycled one drew with, trained on
            self.unet = load_upcycled(Path(unfold).expanduser() / "unet")
            try:
                self.unet.unfold("t2i", UNet2DConditionModel.from_pretrained(folder))
            except ValueError as error:
                raise RecipeError(f"{unfold} cannot take back {folder}: {error}.") from error
        else:
            base = UNet2DConditionModel.from_pretrained(folder)
            config = MTUConfig(num_experts=options.get("num_experts", 4), tasks=CONDITION,
                               init=options.get("init", "preserving"))
            torch.manual_seed(recipe.seed)
            self.unet = MTUUNet2DConditionModel.from_unet(base, config)
        self._thaw(options.get("thaw", []))
        self._fit_to_device()
        self.residual = options.get("residual", {})
        self.first_look = options.get("first_look", {})
        self.layouts = {task: ConditionLayout.of(n, 3 * PATCH**2, PATCH**2)
                        for task, n in CONDITION.items()}

    def _thaw(self, components: list[str]) -> None:
        """Let these components of the base (sa, ca) learn with MTU's own set: the attention of a
        base that has only ever read captions, from instructions too."""
        for component in components:
            part = COMPONENT_NAMES.get(component)
            found = [parameter for name, parameter in self.unet.named_parameters()
                     if part and part in name]
            if not found:
                raise RecipeError(f"thaw names {component!r}, and the UNet has no such component.")
            for parameter in found:
                parameter.requires_grad_(True)

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
        errors, cells = self._errors(batch, times, noised, text, attention, task=tasks,
                                     condition=condition.to(noised.device))
        # the sum over tasks of each task's share of the batch
        return cells | {
            name: errors[[k for k, task in enumerate(tasks) if task == name]].sum() / len(tasks)
            for name in dict.fromkeys(tasks)}

    def sample(self, folder: Path, step: int) -> None:
        pipe = self.pipeline(self.unet)
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
            self.unet.to(dtype)
            self.text_encoder.to(dtype)
            for part in filter(None, (self.stem, self.finder, self.deblocker, self.sharpener)):
                if not part.config.packed:  # as small a file as bf16, and three bits more a weight
                    part.to(torch.float16)
        self.pipeline(self.unet).save_pretrained(folder, max_shard_size="14MB")
