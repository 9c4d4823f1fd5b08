"""A delta: what upcycling adds to a base and training changes, without the base itself.

A folder with two files. model_index.json says which base it was made for, by name and by a hash of
its weights, and how the pipeline is set up; delta.safetensors holds the experts, routers, task
embedding, task norms and task input convolutions.
"""

import hashlib
import json
from pathlib import Path

import diffusers
import torch
from diffusers import UNet2DConditionModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from .bases import FileBase, FolderBase, open_base
from .cli import read_json
from .config import MTUConfig
from .experts import ExpertFeedForward
from .inputs import TaskConv
from .loading import DELTA_WEIGHTS, INDEX, load_folder
from .norms import TaskLayerNorm
from .unet import MTUUNet2DConditionModel

KIND = "MTUDelta"
DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}


def weights_hash(unet: UNet2DConditionModel) -> str:
    """SHA-256 over the names, shapes and values of a plain UNet's tensors.

    Values are taken in float16, so that a model and its float16 copy are the same base.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(unet.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().to("cpu", torch.float16).contiguous().numpy())
    return digest.hexdigest()


def identity(base: FolderBase | FileBase) -> dict:
    """What a delta remembers of its base: {"name", "sha256"}, and how it was loaded if not from a
    folder ("options": `load_single_file`'s)."""
    options = {"options": base.options} if base.options else {}
    return {"name": base.name, "sha256": weights_hash(base.unet)} | options


def delta_state(unet: MTUUNet2DConditionModel) -> dict[str, torch.Tensor]:
    """The tensors of `unet` that its base does not have as they are: name -> tensor."""
    state = {"task_embedding": unet.task_embedding.detach()}
    for prefix, module in unet.named_modules():
        if isinstance(module, (ExpertFeedForward, TaskLayerNorm, TaskConv)):
            state |= {f"{prefix}.{name}": value for name, value in module.state_dict().items()}
    return state


def save_delta(pipeline, out: str | Path, dtype: torch.dtype = torch.float16) -> None:
    """Write the delta of an upcycled pipeline, trained or not, to the new or empty folder `out`.

    Only for a pipeline that knows its base (`config.upcycled_from`, which `mtu.upcycle` records).
    """
    made_for = pipeline.config.upcycled_from
    if made_for is None or not hasattr(pipeline.unet, "mtu_config"):
        raise ValueError("The base of this model is not recorded: upcycle it with mtu.upcycle.")
    for part in ("stem", "finder", "deblocker", "sharpener"):
        if getattr(pipeline, part) is not None:
            raise ValueError(f"A delta cannot hold a {part}: save the whole pipeline.")
    parts = {"upcycled_from", *pipeline.components}
    settings = {
        name: value
        for name, value in pipeline.config.items()
        if name not in parts and not name.startswith("_")
    }
    write_delta(pipeline.unet, made_for, settings, out, dtype)


def write_delta(
    unet: MTUUNet2DConditionModel, made_for: dict, settings: dict, out: str | Path,
    dtype: torch.dtype = torch.float16,
) -> None:
    """As `save_delta`, for a UNet and the pipeline's settings. made_for: the base's `identity`."""
    out = check_out(out)
    state = {name: tensor.to("cpu", dtype).contiguous()
             for name, tensor in delta_state(unet).items()}  # fmt: skip
    index = {
        "_class_name": KIND,
        "_diffusers_version": diffusers.__version__,
        "base": made_for,
        "mtu": unet.mtu_config.to_dict(),
        "settings": settings,
    }
    out.mkdir(parents=True, exist_ok=True)
    save_file(state, out / DELTA_WEIGHTS, metadata={"format": "pt"})
    text = json.dumps(index, indent=2, sort_keys=True)
    (out / INDEX).write_text(text + "\n", encoding="utf-8")


def check_out(out: str | Path) -> Path:
    """`out` as a path; ValueError unless it is free or an empty folder."""
    out = Path(out)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"{out} exists and is not an empty folder")
    return out


def load_saved(
    folder: Path, pipeline: str, dtype: torch.dtype, base: str | Path | None, skip=()
) -> dict:
    """The components and settings of a pipeline of class `pipeline` saved in `folder`, whole or as
    a delta. base, skip: as `load_delta` has them; ValueError for a base where none is needed."""
    if (folder / DELTA_WEIGHTS).is_file():
        return load_delta(folder, base, dtype, skip)
    if base is not None:
        raise ValueError(f"{folder} holds a whole model; only a delta needs its base.")
    return load_folder(folder, pipeline, dtype, skip)


def load_delta(folder: Path, base: str | Path | None, dtype: torch.dtype, skip=()) -> dict:
    """The components and settings of the pipeline that the delta in `folder` makes of its base.

    base: where that lies, in any form that `mtu.upcycle` takes; None to find it by the recorded
    name: at that place, beside the delta, or on the hub. skip: components not to load.
    ValueError in one sentence if the base is another one or cannot be found.
    """
    record = read_json(folder / INDEX)
    if record.get("_class_name") != KIND or not {"base", "mtu", "settings"} <= set(record):
        raise ValueError(f"{folder / INDEX} does not describe a delta.")
    made_for = record["base"]
    place = _find_base(folder, made_for["name"]) if base is None else Path(base)
    found = open_base(place, **made_for.get("options", {}) if Path(place).is_file() else {})
    if weights_hash(found.unet) != made_for["sha256"]:
        raise ValueError(f"This delta was made for {made_for['name']}, not {found.name}.")
    parts = {"unet": apply_delta(found, MTUConfig.from_dict(record["mtu"]), folder, dtype)}
    parts |= {part: found.component(part, dtype) for part in found.parts if part not in skip}
    return parts | {"upcycled_from": made_for} | record["settings"]


def apply_delta(
    base: FolderBase | FileBase, config: MTUConfig, folder: Path, dtype: torch.dtype
) -> MTUUNet2DConditionModel:
    """The base's UNet, upcycled, with the delta's values; every tensor must fit."""
    try:
        delta = load_file(folder / DELTA_WEIGHTS)
    except SafetensorError as error:
        raise ValueError(f"{folder / DELTA_WEIGHTS} cannot be read: {error}") from None
    unet = MTUUNet2DConditionModel.from_unet(base.unet.to(dtype), config)
    own = delta_state(unet)
    sizes, given = ({n: t.shape for n, t in state.items()} for state in (own, delta))
    if sizes != given:
        strange = min(name for name, _ in sizes.items() ^ given.items())
        raise ValueError(f"The delta in {folder} does not fit its base: {strange}.")
    unet.load_state_dict(unet.state_dict() | delta)
    return unet.eval()


def _find_base(folder: Path, name: str) -> str | Path:
    """Where the base called `name` is: there, or beside the delta, or on the hub."""
    for place in (Path(name), folder.resolve().parent / Path(name).name):
        if place.exists():
            return place
    if Path(name).is_absolute():
        raise ValueError(f"This delta was made for {name}, which is not there: name its place.")
    return name
