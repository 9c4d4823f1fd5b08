"""Strict loading of a pipeline folder: known classes only, safetensors only, every tensor fits."""

import json
from pathlib import Path

import diffusers
import torch
import transformers

from . import deblocker as mtu_deblocker
from . import finder as mtu_finder
from . import sharpener as mtu_sharpener
from . import stem as mtu_stem
from . import text_encoder as mtu_text_encoder
from . import unet as mtu_unet

LIBRARIES = {
    "diffusers": diffusers, "transformers": transformers,
    "mtu.unet": mtu_unet, "mtu.stem": mtu_stem, "mtu.finder": mtu_finder,
    "mtu.deblocker": mtu_deblocker, "mtu.sharpener": mtu_sharpener,
    "mtu.text_encoder": mtu_text_encoder,
}  # fmt: skip
CHECKER = ("stable_diffusion", "StableDiffusionSafetyChecker")  # as diffusers writes it
# the image processor of CLIP under the names it has had; this one needs no torchvision
PROCESSORS = ("CLIPFeatureExtractor", "CLIPImageProcessor", "CLIPImageProcessorFast")
INDEX = "model_index.json"
DELTA_WEIGHTS = "delta.safetensors"
INERT = ("*.json", "*/*.safetensors", "*/*.model", "*/*.txt", DELTA_WEIGHTS)
VARIANTS = ("*.fp16.*", "*.bf16.*", "*.non_ema.*", "*.ema.*", "*openvino*", "*flax*", "*onnx*")


def find_model(name: str | Path) -> Path:
    """The folder of a model: a local path as it is, without looking anywhere else; otherwise
    "owner/name" from the hub (inert files only). ValueError in one sentence if there is none."""
    path = Path(name)
    if path.is_dir():
        if not (path / INDEX).is_file():
            raise ValueError(f"{name} is not a model folder: it has no {INDEX}.")
        return path
    parts = str(name).split("/")
    looks_local = len(parts) != 2 or not all(parts) or parts[0] in (".", "..", "~")
    if looks_local or path.is_absolute() or path.exists() or Path(parts[0]).is_dir():
        raise ValueError(f"There is no model at {name}.")
    from huggingface_hub import snapshot_download  # only a hub id needs the network

    try:
        fetch = {"allow_patterns": list(INERT), "ignore_patterns": list(VARIANTS)}
        return Path(snapshot_download(str(name), **fetch))
    except (OSError, ValueError) as error:  # its own errors are either of the two
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise ValueError(f"There is no folder {name}, nor could it be fetched: {reason}") from None


def read_index(folder: Path, pipeline: str) -> tuple[dict[str, tuple[str, str]], dict]:
    """(components, settings) of a saved pipeline: name -> (library, class), and the rest.

    ValueError if the index is not one of a pipeline of class `pipeline`.
    """
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{folder / INDEX} cannot be read: {error}") from None
    if not isinstance(index, dict) or index.get("_class_name") != pipeline:
        raise ValueError(f"{folder / INDEX} does not describe an {pipeline}.")
    entries = {name: value for name, value in index.items() if not name.startswith("_")}
    components = {name: tuple(v) for name, v in entries.items() if _is_component(v)}
    return components, {name: v for name, v in entries.items() if name not in components}


def load_folder(folder: Path, pipeline: str, dtype: torch.dtype, skip=()) -> dict:
    """The components and settings of a saved pipeline of class `pipeline`, but those in `skip`."""
    components, settings = read_index(folder, pipeline)
    parts = {
        part: load_component(folder, part, library, kind, dtype) if library else None
        for part, (library, kind) in components.items()
        if part not in skip
    }
    return parts | settings


def load_component(folder: Path, name: str, library: str, cls: str, dtype: torch.dtype):
    """One component from its own folder; ValueError if its class or weights are not as expected."""
    kind = _class(library, cls)
    if not isinstance(kind, type) or not hasattr(kind, "from_pretrained"):
        raise ValueError(f"The model's {name} is a {library}.{cls}, which is not known here.")
    place = folder / name
    if not place.is_dir():
        raise ValueError(f"The model folder {folder} has no {name}.")
    try:
        if not issubclass(kind, torch.nn.Module):
            return kind.from_pretrained(place, local_files_only=True)
        dtype_name = "torch_dtype" if issubclass(kind, diffusers.ModelMixin) else "dtype"
        options = {dtype_name: dtype, "use_safetensors": True, "local_files_only": True}
        model, info = kind.from_pretrained(place, output_loading_info=True, **options)
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"The model's {name} in {folder} cannot be loaded: {reason}") from None
    faults = [f"{what} {min(map(str, keys))}" for what, keys in info.items() if keys]
    if faults:
        raise ValueError(f"The weights of {name} in {folder} do not fit: {', '.join(faults)}.")
    return model.eval()


def _class(library: str, name: str):
    if (library, name) == CHECKER:
        from diffusers.pipelines import stable_diffusion  # brings its pipelines: only here

        return stable_diffusion.StableDiffusionSafetyChecker
    if library == "transformers" and name in PROCESSORS:
        name = "CLIPImageProcessorPil"
    return getattr(LIBRARIES.get(library), name, None)


def _is_component(value) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(part is None or isinstance(part, str) for part in value)
    )
