"""python -m mtu.upcycle: turn a text-to-image model on disk into a multi-task one."""

import inspect
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from diffusers.utils import logging
from safetensors import SafetensorError, safe_open

from .cli import Parser, read_json, run
from .config import INITS, MTUConfig, condition_layout
from .loading import INDEX, find_model, load_component
from .pipeline import MTUPipeline
from .tasks import TASKS
from .unet import MTUUNet2DConditionModel

UNUSED = ("safety_checker", "feature_extractor", "image_encoder")  # not MTUPipeline's
# [text, image] scales and steps of MTU for SDXL (METHOD §2); tasks.py has those for SD1.5
SDXL_GUIDANCE = {"t2i": [5.0, 1.0], "edit": [10.0, 1.5], "sr": [1.0, 1.0], "inpaint": [4.0, 1.5]}
SDXL_STEPS = 50


def upcycle(base: str | Path, out: str | Path, num_experts: int = 4, init: str = "preserving"):
    """Write to `out` the model in `base`, its UNet upcycled to the four tasks.

    base: a diffusers folder with a unet/ subfolder, a folder that is a UNet, or a hub id. A whole
    model comes out as an MTUPipeline with the base's other components, a UNet as a UNet. Seeded:
    the same base gives the same file. Raises ValueError or OSError in one sentence.
    """
    base, out = Path(base) if Path(base).is_dir() else find_model(base), Path(out)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"{out} exists and is not an empty folder")
    whole = (base / "unet").is_dir()
    index = read_json(base / INDEX) if whole else {}
    unet = _load_unet(base / "unet" if whole else base)
    patch_size = index.get("patch_size", 1)
    tasks = condition_layout(unet.config.in_channels, patch_size**2)
    torch.manual_seed(0)
    model = MTUUNet2DConditionModel.from_unet(unet, MTUConfig(num_experts, tasks, init))
    if not whole:
        model.save_pretrained(out)
        return
    parts = _components(base, index)
    index = _pipeline_index(base, index, parts, unet)
    out.mkdir(parents=True, exist_ok=True)
    for part in parts:
        keep_inert = shutil.ignore_patterns("*.bin", "*.ckpt", "*.pt", "*.msgpack", "*.onnx*")
        shutil.copytree(base / part, out / part, ignore=keep_inert)
    model.save_pretrained(out / "unet")
    (out / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _load_unet(folder: Path) -> UNet2DConditionModel:
    """The UNet in `folder`, from safetensors, in the precision it is stored in."""
    kind = read_json(folder / "config.json").get("_class_name")
    if kind != "UNet2DConditionModel":
        raise ValueError(f"{folder} holds a {kind}, not a UNet2DConditionModel")
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ValueError(f"{folder} has no weights in safetensors format")
    try:
        with safe_open(weights[0], "pt") as file:
            dtype = file.get_tensor(next(iter(file.keys()))).dtype
    except SafetensorError as error:
        raise ValueError(f"{weights[0]} cannot be read: {error}") from None
    folder = folder.resolve()
    return load_component(folder.parent, folder.name, "diffusers", kind, dtype)


def _components(base: Path, index: dict) -> list[str]:
    """The base's components that go along with the UNet; ValueError if one cannot."""
    parts = [
        name
        for name, value in index.items()
        if isinstance(value, list) and name not in ("unet", *UNUSED) and value[0] is not None
    ]
    for part in parts:
        if not (base / part).is_dir():
            raise ValueError(f"{base} has no {part}, which its {INDEX} names")
        if any((base / part).glob("*.bin")) and not any((base / part).glob("*.safetensors")):
            raise ValueError(f"{base / part} has no weights in safetensors format")
    return parts


def _pipeline_index(base: Path, index: dict, parts: list[str], unet) -> dict:
    """model_index.json of an MTUPipeline: components and settings, the base's where it has any."""
    known = inspect.signature(MTUPipeline.__init__).parameters
    own = {k: v for k, v in index.items() if k in known and not isinstance(v, list)}
    scheduler = read_json(base / "scheduler" / "scheduler_config.json")
    factor = index.get("patch_size", 1)
    if "vae" in parts:
        factor = 2 ** (len(read_json(base / "vae" / "config.json")["block_out_channels"]) - 1)
    is_sdxl = unet.config.addition_embed_type == "text_time"
    guidance = {t: [s.guidance_scale, s.image_guidance_scale] for t, s in TASKS.items()}
    derived = {
        "prediction_type": scheduler.get("prediction_type", "epsilon"),
        "default_steps": SDXL_STEPS if is_sdxl else 20,
        "guidance": SDXL_GUIDANCE if is_sdxl else guidance,
    }
    if isinstance(unet.config.sample_size, int):
        derived["default_size"] = unet.config.sample_size * factor
    return {
        "_class_name": MTUPipeline.__name__,
        "_diffusers_version": index.get("_diffusers_version"),
        "unet": [MTUUNet2DConditionModel.__module__, MTUUNet2DConditionModel.__name__],
        "vae": [None, None],
        **{part: index[part] for part in parts},
        **(derived | own),
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="mtu.upcycle", description=__doc__)
    parser.add_argument("--base", required=True, metavar="PATH_OR_HUB_ID")
    parser.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder")
    parser.add_argument("--experts", type=int, default=4, metavar="N", help="default: 4")
    parser.add_argument("--init", choices=INITS, default=INITS[0])
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return run(parser, lambda a: upcycle(a.base, a.out, a.experts, a.init), argv)


if __name__ == "__main__":
    sys.exit(main())
