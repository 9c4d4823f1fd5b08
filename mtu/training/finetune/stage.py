"""The stage "finetune": a latent diffusion base learns tasks by the method or by a baseline."""

import shutil
from collections import Counter
from pathlib import Path

import torch
from diffusers import DDPMScheduler
from PIL import Image

from mtu.conditioning import latent_mask
from mtu.delta import save_delta
from mtu.loading import INDEX
from mtu.sampling import is_flow

from ..recipe import Recipe, RecipeError
from .base import TORCH, open_pipeline, rebuilt
from .encode import Encoders
from .methods import layouts, without_adapters
from .options import read_options
from .rows import Example, Rows


class FinetuneStage:
    """The denoising loss of METHOD §1.6 in latent space, summed over the tasks.

    x_t = √ᾱ_t·x0 + √(1 − ᾱ_t)·ε with t uniform (Ho et al. 2020, eq. 4); the UNet's error is taken
    in what the base predicts: ε, v = √ᾱ_t·ε − √(1 − ᾱ_t)·x0, or x0. Of a row of an image task
    `drop` of the time the text is dropped, as often the image, as often both (Brooks et al. 2023).
    """

    parallel = True

    def __init__(self, recipe: Recipe):
        self.recipe, self.options = recipe, read_options(recipe)
        _check_target(recipe.path("export_to"))
        self.pipe = open_pipeline(recipe, self.options)
        if is_flow(self.pipe.scheduler):
            raise RecipeError("The stage finetune trains bases of the DDPM family; this one is "
                              "for flow matching.")
        self.module = self.pipe.unet.to(memory_format=torch.channels_last)
        self.forward = self.module
        self.group = self.options.group
        self.side = self.options.size or self.pipe.config.default_size
        if self.side % self.pipe.size_multiple:
            raise RecipeError(f"size must be a multiple of {self.pipe.size_multiple}.")
        self.rows = Rows(recipe, self.options, self.side)
        in_group = Counter(self.rows.pattern)
        self.counts = {task: count * recipe.batch_size // self.group
                       for task, count in in_group.items()}
        self.layouts = layouts(self.module)
        self.prediction = self.pipe.config.prediction_type
        self.noising = DDPMScheduler.from_config(self.pipe.scheduler.config)
        cache = Path(self.options.cache).expanduser() if self.options.cache else None
        self.encoders = Encoders(self.pipe, cache, TORCH[self.options.cache_dtype],
                                 self.options.cache_texts, self.options.vae_batch)

    def dataset(self) -> Rows:
        return self.rows

    def collate(self, examples: list[Example]) -> dict:
        """uint8 pictures, sources (zeros where a task has none) and masks, and what a row draws."""
        rows = [example.row for example in examples]
        target = torch.stack([torch.from_numpy(row.target.copy()) for row in rows])
        source, mask = torch.zeros_like(target), torch.zeros(len(rows), 1, self.side, self.side)
        for k, row in enumerate(rows):
            if row.source is not None:
                source[k] = torch.from_numpy(row.source.copy())
            if row.mask is not None:
                mask[k, 0] = torch.from_numpy(row.mask.astype("float32"))
        frames = torch.tensor([[*e.frame, self.side, self.side] for e in examples])
        return {"numbers": [e.number for e in examples], "tasks": [row.task for row in rows],
                "texts": [row.text for row in rows], "target": target, "source": source,
                "mask": mask, "masked": [row.mask is not None for row in rows], "frames": frames}

    def losses(self, batch: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """By task: this share's part of the mean over the task's rows in the whole batch."""
        device = next(self.module.parameters()).device
        self.encoders.to(device)
        drawn = self._drawn(batch)
        recurring = [task != "sr" for task in batch["tasks"]]
        mean, std = self.encoders.moments(batch["target"], recurring)
        clean = mean + std * drawn["posterior"].to(device)
        noise, times = drawn["noise"].to(device), drawn["times"].to(device)
        noised = self.noising.add_noise(clean, noise, times)
        kwargs = self._conditions(batch, drawn, device)
        out = self.forward(noised.contiguous(memory_format=torch.channels_last), times, **kwargs)
        errors = (out.sample.float() - self._target(clean, noise, times)).square().mean((1, 2, 3))
        parts = {}
        for task, count in self.counts.items():
            chosen = [k for k, name in enumerate(batch["tasks"]) if name == task]
            parts[task] = errors[chosen].sum() / count
        return parts

    def _target(self, clean, noise, times) -> torch.Tensor:
        if self.prediction == "epsilon":
            return noise
        if self.prediction == "v_prediction":
            return self.noising.get_velocity(clean, noise, times)
        return clean

    def _drawn(self, batch: dict) -> dict[str, torch.Tensor]:
        """Noise (B, C, h, w), times (B,), and which rows lose their text or image, (B,) bool."""
        channels = self.module.config.out_channels
        side = self.side // self.pipe.space.factor
        rows = []
        for number in batch["numbers"]:
            generator = self.rows.generator(number)
            noise = torch.randn(2, channels, side, side, generator=generator)
            time = torch.randint(self.noising.config.num_train_timesteps, (), generator=generator)
            rows.append((noise, time, torch.rand((), generator=generator)))
        noise, times, lots = (torch.stack(part) for part in zip(*rows, strict=True))
        drop = self.options.drop
        plain = torch.tensor([self.layouts[task].channels == 0 for task in batch["tasks"]])
        both, text, image = lots < drop, lots < 2 * drop, lots > 1 - drop
        return {"posterior": noise[:, 0], "noise": noise[:, 1], "times": times,
                "no_text": text, "no_image": ~plain & (both | image)}

    def _conditions(self, batch: dict, drawn: dict, device: torch.device) -> dict:
        """The UNet's keyword arguments beside the sample and the time."""
        dropped = drawn["no_text"].tolist()
        prompts = ["" if drop else text for text, drop in zip(batch["texts"], dropped, strict=True)]
        states, pooled = self.encoders.texts(prompts)
        kwargs = {"encoder_hidden_states": states, "task": batch["tasks"],
                  "condition": self._condition(batch, drawn["no_image"], device)}
        if pooled is not None:
            kwargs["added_cond_kwargs"] = {
                "text_embeds": pooled, "time_ids": batch["frames"].to(device, torch.float32)}
        return kwargs

    def _condition(self, batch: dict, dropped: torch.Tensor, device) -> torch.Tensor | None:
        """(B, C_cond, h, w): what each image task packs, padded to the widest; dropped: zeros."""
        shown = [k for k, task in enumerate(batch["tasks"])
                 if self.layouts[task].channels and not dropped[k]]
        width = max(self.layouts[task].channels for task in batch["tasks"])
        if not width:
            return None
        side = self.side // self.pipe.space.factor
        condition = torch.zeros(len(batch["tasks"]), width, side, side, device=device)
        if shown:
            recurring = [batch["tasks"][k] != "sr" for k in shown]
            latents, _ = self.encoders.moments(batch["source"][shown], recurring)
            masks = latent_mask(batch["mask"][shown], self.pipe.space.factor).to(device)
            for row, k in enumerate(shown):
                layout = self.layouts[batch["tasks"][k]]
                mask = masks[row : row + 1] if batch["masked"][k] and layout.mask else None
                packed = layout.pack(latents[row : row + 1], mask)
                condition[k, : packed.shape[1]] = packed[0]
        return condition

    def sample(self, folder: Path, step: int) -> None:
        """samples/STEP.jpg: per task a line of pictures, each with its source before it."""
        pictures = []
        for task in self.recipe.task_weights:
            spots = [k for k, name in enumerate(self.rows.pattern) if name == task]
            for k in range(self.options.samples):
                turn, spot = divmod(k, len(spots))
                number = turn * len(self.rows.pattern) + spots[spot]
                pictures += self._sampled(self.rows[number].row, k)
        file = folder / "samples" / f"{step:06d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        columns = 2 * self.options.samples
        sheet = Image.new("RGB", (columns * self.side, -(-len(pictures) // columns) * self.side))
        for k, picture in enumerate(pictures):
            sheet.paste(picture, (k % columns * self.side, k // columns * self.side))
        sheet.save(file, quality=88)

    def _sampled(self, row, seed: int) -> list[Image.Image]:
        """What the row starts from (its target, to draw) and the model's picture of it."""
        generator = torch.Generator().manual_seed(seed)
        before = Image.fromarray(row.target if row.source is None else row.source)
        image, scale = (None if row.source is None else before), {}
        if row.task == "sr":
            small = (self.side // 2, self.side // 2)
            image, scale = before.resize(small, Image.Resampling.BOX), {"scale": 2}
        elif row.task == "t2i":
            scale = {"height": self.side, "width": self.side}
        after = self.pipe(row.task, row.text, image, generator=generator, **scale).images[0]
        return [picture.resize((self.side, self.side)) for picture in (before, after)]

    def export(self, folder: Path) -> None:
        """A pipeline's folder, adapters merged, or a delta; marked with the tasks it learned.

        It replaces what an earlier run exported there, whole.
        """
        dtype = TORCH[self.options.export_dtype]
        pipe = rebuilt(self.pipe, without_adapters(self.module), self.options)
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        if self.options.export == "delta":
            save_delta(pipe, part, dtype)
        else:
            for component in pipe.components.values():
                if isinstance(component, torch.nn.Module):
                    torch.nn.Module.to(component, dtype)
            pipe.save_pretrained(part)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)


def _check_target(folder: Path | None) -> None:
    """Refuse before training what `export` could not replace after it."""
    if folder and folder.exists() and any(folder.iterdir()) and not (folder / INDEX).is_file():
        raise RecipeError(f"export_to names {folder}, which holds something else than a model.")
