"""MTUPipeline: one backbone, and what every task does before and after it."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from diffusers import DiffusionPipeline
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput
from PIL import Image

from .compose import composite
from .conditioning import condition_layouts
from .guidance import combine
from .images import resize_mask, to_pil, to_tensor
from .loading import find_model, load_component, read_index
from .requests import Inputs, check_inputs
from .sampling import PREDICTION_TYPES, Denoised, denoise, fresh_scheduler
from .space import LatentSpace, PixelSpace
from .text import Text, encode_text
from .tiling import Canvas

TILE_BATCH = 4


class Step(NamedTuple):
    """Progress of a picture: `index` of `of` steps done, and the picture as it is now.

    preview: "RGB" at the model's size (an enlargement's at most 512 pixels wide or high); None in
    latent space, where a picture would cost a decoding.
    """

    index: int
    of: int
    preview: Image.Image | None


class MTUPipeline(DiffusionPipeline):
    """Draws, edits, enlarges and erases with one UNet.

    Components: unet (an MTUUNet2DConditionModel, or a plain UNet that only draws), text_encoder,
    tokenizer, scheduler (of diffusers; flow matching too), vae (None for pixel space).
    prediction_type: what the UNet predicts: "epsilon", "v_prediction" or "sample".
    patch_size: pixel space only; p×p pixels are folded into channels.
    default_steps: a number, or one per task. default_size: the side the model was trained at.
    guidance: task -> [text scale, image scale]; the task's own scales where it says nothing.
    time_shift: flow matching only; overrides the scheduler's shift.
    use_attention_mask: give the UNet the mask of the prompt's real tokens.

    autocast_dtype is not saved: set it to e.g. torch.bfloat16 where that is faster.
    """

    _optional_components = ["vae"]

    def __init__(
        self,
        unet,
        text_encoder,
        tokenizer,
        scheduler,
        vae=None,
        prediction_type: str = "epsilon",
        patch_size: int = 1,
        default_steps: int | dict = 20,
        default_size: int = 512,
        guidance: dict | None = None,
        time_shift: float | None = None,
        use_attention_mask: bool = False,
    ):
        super().__init__()
        if prediction_type not in PREDICTION_TYPES:
            known = ", ".join(PREDICTION_TYPES)
            raise ValueError(f"prediction_type must be one of {known}, not {prediction_type!r}.")
        if vae is not None and patch_size != 1:
            raise ValueError("patch_size is for pixel space: with an autoencoder it must be 1.")
        self.register_modules(
            unet=unet, text_encoder=text_encoder, tokenizer=tokenizer, scheduler=scheduler, vae=vae
        )
        self.register_to_config(
            prediction_type=prediction_type,
            patch_size=patch_size,
            default_steps=default_steps,
            default_size=default_size,
            guidance={name: list(scales) for name, scales in (guidance or {}).items()},
            time_shift=time_shift,
            use_attention_mask=use_attention_mask,
        )
        self.autocast_dtype: torch.dtype | None = None
        self.space = PixelSpace(patch_size) if vae is None else LatentSpace(vae)
        self.size_multiple = self.space.factor * 2 ** (len(unet.config.block_out_channels) - 1)
        if default_size % self.size_multiple:
            raise ValueError(f"default_size must be a multiple of {self.size_multiple}.")
        self.layouts = condition_layouts(unet, self.space.mask_channels)
        self._null_text: Text | None = None

    @classmethod
    def from_pretrained(cls, name: str | Path, dtype: torch.dtype = torch.float32, **replacements):
        """Load a saved pipeline from a folder (no network is touched) or a hub id.

        replacements: components or settings to use in place of the saved ones. Strict: ValueError
        in one sentence for a missing folder, an unknown class or setting, weights that do not fit.
        """
        folder = find_model(name)
        saved, settings = read_index(folder, cls.__name__)
        parts = {
            part: load_component(folder, part, library, kind, dtype) if library else None
            for part, (library, kind) in saved.items()
            if part not in replacements
        }
        try:
            return cls(**parts | settings | replacements)
        except TypeError as error:
            raise ValueError(f"The model folder {folder} does not fit: {error}.") from None

    def __call__(self, task: str, *args, output_type: str = "pil", **kwargs) -> ImagePipelineOutput:
        """Run `steps` to its end. output_type: "pil", "np" (1, H, W, 3) or "pt" (1, 3, H, W),
        both in [0, 1]."""
        if output_type not in ("pil", "np", "pt"):
            raise ValueError(f"output_type must be pil, np or pt, not {output_type!r}.")
        image = _exhaust(self.steps(task, *args, **kwargs))
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
    ) -> Generator[Step, None, Image.Image]:
        """Yield a `Step` per step of the loop, and return the picture; may be left at any step.

        image: the source (edit, inpaint, sr), any PIL image. mask: white where it may change, at
        the source's size (edit, inpaint). scale: 2 or 4 (sr). height, width: pixels (t2i).
        generator: on the CPU; the same seed gives the same picture. Edits and removals come back
        at the source's size, enlargements at `scale` times that.

        Checks everything before it returns: ValueError in one clear sentence.
        """
        inputs = check_inputs(
            tasks=tuple(self.layouts),
            settings=self.config,
            size_multiple=self.size_multiple,
            task=task,
            prompt=prompt,
            image=image,
            mask=mask,
            scale=scale,
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            image_guidance_scale=image_guidance_scale,
            height=height,
            width=width,
            generator=generator,
        )
        return self._enlarge(inputs) if task == "sr" else self._imagine(inputs)

    @torch.no_grad()
    def _imagine(self, inputs: Inputs) -> Generator[Step, None, Image.Image]:
        """Draw, edit or erase: one picture of the model's size."""
        # 1. The condition, at the model's size
        condition = None
        if inputs.source is not None:
            resized = inputs.source.resize(inputs.size, Image.Resampling.BICUBIC)
            condition = self._condition(inputs.task, to_tensor(resized), inputs.mask)
        # 2. Noise
        width, height = (length // self.space.factor for length in inputs.size)
        noise = self._noise(inputs.generator, height, width)
        # 3. The loop, which encodes the prompt first
        for step in self._loop(inputs, condition, noise):
            preview = to_pil(self.space.decode(step.x0)) if self.space.is_pixels else None
            yield Step(step.index, step.of, preview)
        picture = to_pil(self.space.decode(step.sample))
        # 4. The change, brought to the source
        if inputs.source is None:
            return picture
        return composite(inputs.source, picture, inputs.mask, inputs.task == "inpaint")

    @torch.no_grad()
    def _enlarge(self, inputs: Inputs) -> Generator[Step, None, Image.Image]:
        """Enlarge in overlapping tiles of the model's size; steps count over all tiles."""
        # 1. The source, brought to the target's size, and its tiles
        enlarged = inputs.source.resize(inputs.size, Image.Resampling.BICUBIC)
        canvas = Canvas(enlarged, self.config.default_size, self.space.factor)
        # 2. One field of noise for all tiles, so that they agree where they overlap
        field = self._noise(inputs.generator, *canvas.sample_size())
        done = 0
        for first in range(0, len(canvas.tiles), TILE_BATCH):
            # 3. The loop, for a few tiles at a time
            tiles = canvas.tiles[first : first + TILE_BATCH]
            condition = self._condition(inputs.task, canvas.cut_condition(tiles), None)
            for step in self._loop(inputs, condition, canvas.cut_samples(field, tiles)):
                done += len(tiles)
                preview = None
                if self.space.is_pixels:
                    preview = canvas.preview(self.space.decode(step.x0), tiles)
                yield Step(done, len(canvas.tiles) * step.of, preview)
            canvas.add(self.space.decode(step.sample), tiles)
        # 4. The tiles, blended
        return canvas.finish()

    def _loop(
        self, inputs: Inputs, condition: torch.Tensor | None, noise: torch.Tensor
    ) -> Iterator[Denoised]:
        """The guided denoising loop over `noise` (B, C, h, w)."""
        time_shift = self.config.time_shift
        return denoise(
            self._guided(inputs, condition),
            noise,
            fresh_scheduler(self.scheduler, inputs.steps, noise.device, time_shift),
            self.config.prediction_type,
            clip=self.space.is_pixels,
            generator=inputs.generator,
        )

    def _guided(
        self, inputs: Inputs, condition: torch.Tensor | None
    ) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        """predict(sample, timestep): all branches of the guidance in one pass of the UNet."""
        rows, dtype = inputs.rows, self.unet.dtype
        texts = [self._encode_text(inputs.prompt if row.text else "") for row in rows]
        shared = {"task": inputs.task} if hasattr(self.unet, "mtu_config") else {}
        if condition is not None:
            shown = [condition if row.image else torch.zeros_like(condition) for row in rows]
            shared["condition"] = torch.cat(shown).to(dtype)

        def per_row(parts: list[torch.Tensor], count: int) -> torch.Tensor:
            return torch.cat([part.expand(count, *part.shape[1:]) for part in parts])

        def predict(sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
            kwargs = dict(shared)
            kwargs["encoder_hidden_states"] = per_row([text.states for text in texts], len(sample))
            if self.config.use_attention_mask:
                kwargs["encoder_attention_mask"] = per_row([t.mask for t in texts], len(sample))
            batch = torch.cat([sample] * len(rows)).to(dtype)  # (rows · B, C, h, w)
            fast = self.autocast_dtype
            with torch.autocast(batch.device.type, fast, enabled=fast is not None):
                output = self.unet(batch, timestep, **kwargs, return_dict=False)[0]
            return combine(output.float(), rows)

        return predict

    def _encode_text(self, prompt: str) -> Text:
        """The prompt for the UNet; that of "" is kept, every guided picture needs it."""
        like = {"device": self.unet.device, "dtype": self.unet.dtype}
        if prompt or self._null_text is None:
            use_mask = self.config.use_attention_mask
            text = encode_text(self.tokenizer, self.text_encoder, prompt, use_mask)
            if not prompt:
                self._null_text = text
        else:
            text = self._null_text
        mask = None if text.mask is None else text.mask.to(self.unet.device)
        return Text(text.states.to(**like), mask)

    def _condition(self, task: str, pixels: torch.Tensor, mask: Image.Image | None):
        """The condition (B, C_cond, h, w) of sources (B, 3, H, W) at the model's size."""
        layout, marked = self.layouts[task], None
        if mask is not None and layout.mask:
            size = (pixels.shape[-1], pixels.shape[-2])
            marked = to_tensor(resize_mask(mask, size)).to(self.unet.device)
            marked = self.space.encode_mask(marked)
        return layout.pack(self.space.encode(pixels.to(self.unet.device)), marked)

    def _noise(self, generator: torch.Generator, height: int, width: int) -> torch.Tensor:
        """Standard normal (1, C, height, width), drawn where the generator lives."""
        shape = (1, self.unet.config.out_channels, height, width)
        noise = torch.randn(shape, generator=generator, device=generator.device)
        return noise.to(self.unet.device)


def _exhaust(run: Generator[Step, None, Image.Image]) -> Image.Image:
    while True:
        try:
            next(run)
        except StopIteration as stop:
            return stop.value
