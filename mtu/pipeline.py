"""MTUPipeline: one backbone, and what every task does before and after it."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import DiffusionPipeline
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput
from PIL import Image

from .compose import composite
from .conditioning import condition_layouts
from .deblocker import check_patches
from .delta import load_saved
from .enlarging import enlarging
from .familiar import check_weights
from .guided import guided_loop
from .images import resize_mask, to_pil, to_tensor
from .loading import find_model
from .look import check_looks, draw_part, hidden_under, look
from .requests import Inputs, check_inputs
from .residual import check_gains, check_shares
from .safety import is_flagged
from .sampling import PREDICTION_TYPES, exhaust
from .space import LatentSpace, PixelSpace
from .speed import check_fast
from .steps import Step
from .text import Text, encode_prompt
from .trained import trained_tasks


class MTUPipeline(DiffusionPipeline):
    """Draws, edits, enlarges and erases with one UNet.

    Components: unet (an MTUUNet2DConditionModel, or a plain UNet that only draws), text_encoder,
    tokenizer, scheduler (of diffusers; flow matching too), vae (None for pixel space);
    text_encoder_2 and tokenizer_2 where the base is SDXL; safety_checker and feature_extractor
    where the base has them; stem (a Stem) where enlarging starts from its enlargement; finder (a
    Finder) where it is asked what part changes; deblocker (a
    Deblocker) where what is drawn in patches is mended; sharpener (a Sharpener) where enlargements
    are made sharp.
    prediction_type: what the UNet predicts: "epsilon", "v_prediction" or "sample".
    patch_size: pixel space only; p×p pixels are folded into channels.
    default_steps: a number, or one per task. default_size: the side the model was trained at.
    guidance: task -> [text scale, image scale]; the task's own scales where it says nothing.
    time_shift: flow matching only; overrides the scheduler's shift.
    use_attention_mask: give the UNet the mask of the prompt's real tokens.
    force_zeros_for_empty_prompt: no words are zeros, not the encoding of "" (SDXL).
    residual: task -> gain, for tasks whose sample is the change of the source (residual.py).
    residual_share: task -> how much of that change is made, 0 to 1; 1 where it says nothing.
    first_look: task -> steps, for tasks that redraw the part they change (look.py).
    strangest: pictures from elsewhere whose `strangeness` (familiar.py, by strange_weights) is more
    are not the model's to edit, and the stem enlarges any such alone; None for no limit.
    upcycled_from: the base's `identity` (delta.py), if it is known.
    fast: task -> its fast way (speed.py); None where the model has none.
    place_code: amplitude of a pattern (space.py) that tells where patches are; 0 if not trained so.
    glance: task -> steps that a hidden part is first glanced at in; nothing drawn, and it is done.
    keep_structure: what changes a picture as a whole keeps its structure (transfer.py).

    autocast_dtype is not saved: set it to e.g. torch.bfloat16 where that is faster. Nor is speed,
    "best" or "fast": that of requests which name none.
    """

    _optional_components = ["vae", "text_encoder_2", "tokenizer_2", "safety_checker",
                            "feature_extractor", "stem", "finder", "deblocker",
                            "sharpener"]  # fmt: skip

    def __init__(
        self, unet, text_encoder, tokenizer, scheduler, vae=None,
        prediction_type: str = "epsilon", patch_size: int = 1,
        default_steps: int | dict = 20, default_size: int = 512,
        guidance: dict | None = None, time_shift: float | None = None,
        use_attention_mask: bool = False, text_encoder_2=None, tokenizer_2=None,
        safety_checker=None, feature_extractor=None, stem=None, finder=None,
        force_zeros_for_empty_prompt: bool = False, residual: dict | None = None,
        first_look: dict | None = None, residual_share: dict | None = None,
        strangest: float | None = None, strange_weights: dict | None = None,
        upcycled_from: dict | None = None, fast: dict | None = None, place_code: float = 0.0,
        keep_structure: bool = False, glance: dict | None = None, deblocker=None,
        sharpener=None,
    ):  # fmt: skip
        super().__init__()
        if prediction_type not in PREDICTION_TYPES:
            known = ", ".join(PREDICTION_TYPES)
            raise ValueError(f"prediction_type must be one of {known}, not {prediction_type!r}.")
        if vae is not None and (patch_size != 1 or place_code):
            raise ValueError("patch_size and place_code are for pixel space, not for latents.")
        if (safety_checker is None) != (feature_extractor is None):
            raise ValueError("safety_checker and feature_extractor come together or not at all.")
        self.register_modules(
            unet=unet, text_encoder=text_encoder, tokenizer=tokenizer, scheduler=scheduler, vae=vae,
            text_encoder_2=text_encoder_2, tokenizer_2=tokenizer_2, safety_checker=safety_checker,
            feature_extractor=feature_extractor, stem=stem, finder=finder, deblocker=deblocker,
            sharpener=sharpener,
        )  # fmt: skip
        self.register_to_config(
            prediction_type=prediction_type, patch_size=patch_size, default_steps=default_steps,
            default_size=default_size, time_shift=time_shift,
            guidance={name: list(scales) for name, scales in (guidance or {}).items()},
            use_attention_mask=use_attention_mask, keep_structure=keep_structure,
            force_zeros_for_empty_prompt=force_zeros_for_empty_prompt,
            residual=dict(residual or {}), first_look=dict(first_look or {}),
            residual_share=dict(residual_share or {}), strangest=strangest,
            strange_weights=dict(strange_weights or {}), upcycled_from=upcycled_from,
            fast=dict(fast or {}), glance=dict(glance or {}), place_code=place_code,
        )  # fmt: skip
        self.autocast_dtype: torch.dtype | None = None
        self.speed = "best"
        self.space = PixelSpace(patch_size, place_code) if vae is None else LatentSpace(vae)
        self.size_multiple = self.space.factor * 2 ** (len(unet.config.block_out_channels) - 1)
        if default_size % self.size_multiple:
            raise ValueError(f"default_size must be a multiple of {self.size_multiple}.")
        self.layouts = condition_layouts(unet, self.space.mask_channels)
        check_shares(self.config.residual_share, check_gains(self.config.residual, self.layouts))
        check_looks(self.config.first_look, self.layouts)
        check_looks(self.config.glance, self.layouts, "glance")
        check_fast(self.config.fast, self.layouts)
        check_weights(self.config.strange_weights)
        check_patches(deblocker, self.space)
        self._null_text: Text | None = None

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        dtype: torch.dtype = torch.float32,
        base: str | Path | None = None,
        **replacements,
    ):
        """Load a saved pipeline, or a delta with its base, from a folder (no network is touched)
        or a hub id.

        base: where a delta's base lies; None for the place that the delta names. replacements:
        components or settings to use in place of the saved ones. Strict: ValueError in one
        sentence for a missing folder, an unknown class or setting, weights that do not fit.
        """
        folder = find_model(name)
        saved = load_saved(folder, cls.__name__, dtype, base, skip=replacements)
        try:
            return cls(**saved | replacements)
        except TypeError as error:
            raise ValueError(f"The model folder {folder} does not fit: {error}.") from None

    def __call__(self, task: str, *args, output_type: str = "pil", **kwargs) -> ImagePipelineOutput:
        """Run `steps` to its end. output_type: "pil", "np" (1, H, W, 3) or "pt" (1, 3, H, W),
        both in [0, 1]."""
        if output_type not in ("pil", "np", "pt"):
            raise ValueError(f"output_type must be pil, np or pt, not {output_type!r}.")
        image = exhaust(self.steps(task, *args, **kwargs))
        if output_type == "pil":
            return ImagePipelineOutput(images=[image])
        values = np.asarray(image, dtype=np.float32)[None] / 255.0
        if output_type == "np":
            return ImagePipelineOutput(images=values)
        return ImagePipelineOutput(images=torch.from_numpy(values).permute(0, 3, 1, 2))

    def steps(
        self,
        task: str,
        prompt: str = "",
        image: Image.Image | None = None,
        mask: Image.Image | None = None,
        scale: int = 2,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        image_guidance_scale: float | None = None,
        height: int | None = None,
        width: int | None = None,
        generator: torch.Generator | None = None,
        speed: str | None = None,
        where: str = "", in_front: bool = False,
    ) -> Generator[Step, None, Image.Image]:
        """Yield a `Step` per step of the loop, and return the picture; may be left at any step.

        image: the source (edit, inpaint, sr), any PIL image. mask: white where it may change, at
        the source's size (edit, inpaint). scale: 2 or 4 (sr). height, width: pixels (t2i).
        generator: on the CPU; the same seed gives the same picture. speed: "best" or "fast", a
        way that the model's settings describe; num_inference_steps overrides its steps. where:
        words that tell a finder the box to change, where the prompt says what to draw there.
        in_front: of what is drawn there only the thing is taken, and the source goes on behind it.
        Edits and removals come back at the source's size, enlargements at `scale` times that.

        Checks all before it returns: ValueError in one clear sentence; while it runs, NotFound.
        """
        inputs = check_inputs(
            tasks=tuple(self.layouts), settings=self.config, size_multiple=self.size_multiple,
            task=task, prompt=prompt, image=image, mask=mask, scale=scale, height=height,
            num_inference_steps=num_inference_steps, guidance_scale=guidance_scale, width=width,
            image_guidance_scale=image_guidance_scale, generator=generator, where=where,
            speed=speed or self.speed, in_front=in_front,
        )  # fmt: skip
        return enlarging(self, inputs) if task == "sr" else self._imagine(inputs)

    @property
    def trained_tasks(self) -> frozenset[str]:
        """The tasks that the UNet has learned; the others can be run, and draw noise."""
        return trained_tasks(self.unet)

    def is_flagged(self, image: Image.Image) -> bool:
        """True if the base brought a safety checker and it holds `image` to be unfit to show."""
        if self.safety_checker is None:
            return False
        return is_flagged(self.safety_checker, self.feature_extractor, image)

    @torch.no_grad()
    def encode_text(self, prompt: str) -> Text:
        """What the UNet reads for a prompt; "" is a guided picture's unconditional row, and is
        kept, for every guided picture needs it."""
        text = self._null_text if not prompt else None
        text = text or encode_prompt(self, prompt)
        if not prompt:
            self._null_text = text
        return text.to(self.unet.device, self.unet.dtype)

    @torch.no_grad()
    def _imagine(self, inputs: Inputs) -> Generator[Step, None, Image.Image]:
        """Draw, edit or erase: one picture of the model's size."""
        if inputs.source is None:
            return (yield from self._loop(inputs, None, 0, inputs.steps))
        # 1. The part that changes: painted, or found by a look
        resized = inputs.source.resize(inputs.size, Image.Resampling.BICUBIC)
        local, done, hide = True if inputs.task == "inpaint" else None, 0, False
        if inputs.task in self.config.first_look and inputs.mask is None:
            condition = self._condition(inputs.task, to_tensor(resized), None)
            seen = yield from look(self, inputs, resized, condition)
            local, done = (False, 0) if seen.whole else (local, seen.steps)
            if seen.area is not None:
                area = seen.area.resize(inputs.source.size, Image.Resampling.NEAREST)
                inputs, hide = replace(inputs, mask=area), True
        # 2. The condition, the source hidden where it changes
        part = None if inputs.mask is None else resize_mask(inputs.mask, inputs.size)
        shown, fill = to_tensor(resized), None
        if part is not None and (hide or self._hides(inputs.task)):
            shown = shown if inputs.in_front else hidden_under(shown, to_tensor(part))
            fill = to_pil(shown)
        condition = self._condition(inputs.task, shown, part)
        # 3. The loop, which encodes the prompt first; of a hidden part a glance may be enough
        inputs = replace(inputs, steps=inputs.steps - done)
        if fill is None:
            picture = yield from self._loop(inputs, condition, done, done + inputs.steps)
        else:
            picture = yield from draw_part(self, inputs, condition, fill, part, done)
        # 4. The change, brought to the source
        return composite(inputs.source, picture, inputs.mask, local, self.config.keep_structure)

    def _loop(self, inputs: Inputs, condition, done: int, total: int):
        """Denoise fresh noise; steps count on from `done`. Returns the model's picture, mended."""
        width, height = (length // self.space.factor for length in inputs.size)
        noise = self.noise(inputs.generator, height, width)
        for step in guided_loop(self, inputs, condition, noise):
            preview = to_pil(self.space.decode(step.x0)) if self.space.is_pixels else None
            yield Step(done + step.index, total, preview)
        picture = to_pil(self.space.decode(step.sample))
        if self.deblocker is None:
            return picture
        return self.deblocker.mended(picture, inputs.prompt, inputs.task)

    def _hides(self, task: str) -> bool:
        """True if the model was trained with the source hidden under a mask that the task reads."""
        return self.layouts[task].mask and task in self.config.first_look

    def _condition(self, task: str, pixels: torch.Tensor, part: Image.Image | None):
        """The condition (B, C_cond, h, w) of sources (B, 3, H, W) at the model's size. part: what
        may change, "L" at that size, for a task that reads it."""
        layout, marked = self.layouts[task], None
        if part is not None and layout.mask:
            marked = self.space.encode_mask(to_tensor(part).to(self.unet.device))
        return layout.pack(self.space.encode(pixels.to(self.unet.device)), marked)

    def noise(self, generator: torch.Generator, height: int, width: int) -> torch.Tensor:
        """Standard normal (1, C, height, width), drawn where the generator lives."""
        shape = (1, self.unet.config.out_channels, height, width)
        noise = torch.randn(shape, generator=generator, device=generator.device)
        return noise.to(self.unet.device)
