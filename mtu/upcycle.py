"""python -m mtu.upcycle: turn a text-to-image model on disk into a multi-task one."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from diffusers.utils import logging
from transformers.utils import logging as transformers_logging

from .bases import FileBase, FolderBase, open_base
from .cli import Parser, read_json, run
from .config import INITS, MTUConfig, condition_layout
from .delta import DTYPES, check_out, identity, save_delta, write_delta
from .loading import INDEX
from .pipeline import MTUPipeline
from .sampling import PREDICTION_TYPES
from .tasks import TASKS
from .unet import MTUUNet2DConditionModel

# [text, image] scales and steps of MTU for SDXL (METHOD §2); tasks.py has those for SD1.5
SDXL_GUIDANCE = {"t2i": [5.0, 1.0], "edit": [10.0, 1.5], "sr": [1.0, 1.0], "inpaint": [4.0, 1.5]}
SDXL_STEPS = 50
UPCYCLED = MTUUNet2DConditionModel.__name__
SETTINGS = (
    "prediction_type", "patch_size", "default_steps", "default_size", "guidance", "time_shift",
    "use_attention_mask", "force_zeros_for_empty_prompt",
)  # fmt: skip


def upcycle(
    base: str | Path,
    out: str | Path,
    num_experts: int = 4,
    init: str = "preserving",
    delta: bool = False,
    dtype: torch.dtype | None = None,
    **options,
):
    """Write to `out` the model in `base`, its UNet upcycled to the four tasks.

    base: a diffusers folder with a unet/ subfolder, a folder that is a UNet, a hub id, or a single
    .safetensors checkpoint of Stable Diffusion 1.5, 2 or XL (options: `load_single_file`'s). A
    whole model comes out as an MTUPipeline with the base's other components, a UNet as a UNet;
    with `delta`, only what the base has not (`mtu.delta`). With `delta`, `base` may also be a
    folder that was upcycled already and trained: its delta is written as it is. dtype: of the UNet
    that is written; None for the base's own (a delta's: float16). Seeded: the same base gives the
    same file. Raises ValueError or OSError in one sentence.
    """
    out = check_out(out)
    if delta and _is_upcycled(Path(base)):
        save_delta(MTUPipeline.from_pretrained(base), out, dtype or torch.float16)
        return
    base = open_base(base, **options)
    if delta and not base.index:
        raise ValueError(f"{base.name} is a UNet alone; a delta is made for a whole model")
    tasks = condition_layout(base.unet.config.in_channels, base.index.get("patch_size", 1) ** 2)
    config = MTUConfig(num_experts, tasks, init)
    # only what equals its base at the start can draw without training
    config = replace(config, trained=("t2i",) if config.keeps_function else ())
    torch.manual_seed(0)
    model = MTUUNet2DConditionModel.from_unet(base.unet, config)
    if not base.index:
        _as(model, dtype).save_pretrained(out)
        return
    made_for = identity(base)
    settings = pipeline_settings(base)
    if delta:
        write_delta(model, made_for, settings, out, dtype or torch.float16)
        return
    out.mkdir(parents=True, exist_ok=True)
    for part in base.parts:
        base.save(part, out)
    _as(model, dtype).save_pretrained(out / "unet")
    index = _index(base) | settings | {"upcycled_from": made_for}
    (out / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _is_upcycled(folder: Path) -> bool:
    config = folder / "unet" / "config.json"
    return config.is_file() and read_json(config).get("_class_name") == UPCYCLED


def _as(model: torch.nn.Module, dtype: torch.dtype | None) -> torch.nn.Module:
    return model if dtype is None else model.to(dtype)


def _index(base: FolderBase | FileBase) -> dict:
    """The components in model_index.json of the MTUPipeline that `base` becomes."""
    return {
        "_class_name": MTUPipeline.__name__,
        "_diffusers_version": base.index.get("_diffusers_version"),
        "unet": [MTUUNet2DConditionModel.__module__, UPCYCLED],
        "vae": [None, None],
        **{part: base.index[part] for part in base.parts},
    }


def pipeline_settings(base: FolderBase | FileBase) -> dict:
    """The settings of the MTUPipeline that `base` becomes: its own where it has any."""
    own = {name: base.index[name] for name in SETTINGS if name in base.index}
    unet, factor = base.unet.config, base.index.get("patch_size", 1)
    if "vae" in base.parts:
        factor = 2 ** (len(base.config("vae")["block_out_channels"]) - 1)
    is_sdxl = unet.addition_embed_type == "text_time"
    guidance = {t: [s.guidance_scale, s.image_guidance_scale] for t, s in TASKS.items()}
    derived = {
        "prediction_type": base.config("scheduler").get("prediction_type", "epsilon"),
        "default_steps": SDXL_STEPS if is_sdxl else 20,
        "guidance": SDXL_GUIDANCE if is_sdxl else guidance,
        "force_zeros_for_empty_prompt": is_sdxl,  # as diffusers' SDXL pipeline has it
    }
    if isinstance(unet.sample_size, int):
        derived["default_size"] = unet.sample_size * factor
    return derived | own


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="mtu.upcycle", description=__doc__)
    parser.add_argument("--base", required=True, metavar="PATH_OR_HUB_ID",
                        help="a diffusers folder, a hub id or a .safetensors checkpoint")
    parser.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder")
    parser.add_argument("--experts", type=int, default=4, metavar="N", help="default: 4")
    parser.add_argument("--init", choices=INITS, default=INITS[0])
    parser.add_argument("--delta", action="store_true", help="write only what the base has not")
    parser.add_argument("--dtype", choices=DTYPES, help="default: the base's; a delta's: fp16")
    parser.add_argument("--tokenizer", metavar="DIR",
                        help="CLIP's tokenizer, which a .safetensors base does not hold")
    parser.add_argument("--prediction-type", choices=PREDICTION_TYPES,
                        help="of a .safetensors base, where it is not its family's")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    return run(parser, _main, argv)


def _main(args) -> None:
    options = {"tokenizer": args.tokenizer, "prediction_type": args.prediction_type}
    dtype = DTYPES.get(args.dtype)
    upcycle(args.base, args.out, args.experts, args.init, args.delta, dtype, **options)


if __name__ == "__main__":
    sys.exit(main())
