"""What can be upcycled: a diffusers folder or hub id, a UNet's folder, or a single file."""

import shutil
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors import SafetensorError, safe_open

from .cli import read_json
from .loading import INDEX, VARIANTS, find_model, load_component
from .single_file import load_single_file

SUFFIX = ".safetensors"
COMPONENTS = (
    "text_encoder", "tokenizer", "scheduler", "vae", "text_encoder_2", "tokenizer_2",
    "safety_checker", "feature_extractor",
)  # fmt: skip
PAIR = {"safety_checker", "feature_extractor"}  # of use only together
WEIGHTLESS = {"tokenizer", "tokenizer_2", "scheduler", "feature_extractor"}
NOT_COPIED = (*VARIANTS, "*.bin", "*.ckpt", "*.pt", "*.msgpack", "*.onnx*", "*.h5")


class FolderBase:
    """A model in diffusers' layout, or a bare UNet (`index` is empty then)."""

    def __init__(self, name: str, folder: Path):
        self.name = name
        self.options = {}
        self._folder = folder
        whole = (folder / "unet").is_dir()
        self.index = read_json(folder / INDEX) if whole else {}
        self.unet = _load_unet(folder / "unet" if whole else folder)
        self.parts = _useful(self.index)
        for part in self.parts:
            self._check(part)

    def config(self, part: str) -> dict:
        """The saved configuration of a component."""
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        return read_json(self._folder / part / name)

    def component(self, part: str, dtype: torch.dtype):
        return load_component(self._folder, part, *self.index[part], dtype)

    def save(self, part: str, out: Path) -> None:
        """Copy a component's folder, leaving out what can run code and what is there twice."""
        ignore = shutil.ignore_patterns(*NOT_COPIED)
        shutil.copytree(self._folder / part, out / part, ignore=ignore)

    def _check(self, part: str) -> None:
        place = self._folder / part
        if not place.is_dir():
            raise ValueError(f"{self._folder} has no {part}, which its {INDEX} names")
        if any(place.glob("*.bin")) and not any(place.glob("*.safetensors")):
            raise ValueError(f"{place} has no weights in safetensors format")


class FileBase:
    """A checkpoint in one .safetensors file. options: those it was loaded with, for a record."""

    def __init__(self, name: str, path: Path, **options):
        self.name = name
        self.options = {key: value for key, value in options.items() if value is not None}
        if "tokenizer" in self.options:
            self.options["tokenizer"] = str(Path(self.options["tokenizer"]).resolve())
        self._pipeline = load_single_file(path, **options)
        self.unet = self._pipeline.unet
        self.index = dict(self._pipeline.config)
        self.index = {k: list(v) if isinstance(v, tuple) else v for k, v in self.index.items()}
        self.parts = _useful(self.index)

    def config(self, part: str) -> dict:
        return dict(getattr(self._pipeline, part).config)

    def component(self, part: str, dtype: torch.dtype):
        component = getattr(self._pipeline, part)
        return component if part in WEIGHTLESS else component.to(dtype).eval()

    def save(self, part: str, out: Path) -> None:
        getattr(self._pipeline, part).save_pretrained(out / part)


def open_base(base: str | Path, **options) -> FolderBase | FileBase:
    """The model at `base`: a folder, a hub id or a single file; its UNet in the precision it is
    stored in. options: `load_single_file`'s. ValueError or OSError in one sentence."""
    path = Path(base)
    if path.suffix == SUFFIX and path.is_file():
        return FileBase(str(path.resolve()), path, **options)
    strange = [name for name, value in options.items() if value is not None]
    if strange:
        raise ValueError(f"{strange[0]} is for a single {SUFFIX} file, and {base} is none")
    if path.is_dir():
        return FolderBase(str(path.resolve()), path)
    if path.suffix == SUFFIX:
        raise ValueError(f"there is no file {base}")
    return FolderBase(str(base), find_model(base))


def _useful(index: dict) -> list[str]:
    """The components of a base that an MTUPipeline has a use for."""
    parts = [
        name
        for name, value in index.items()
        if name in COMPONENTS and isinstance(value, list) and value[0] is not None
    ]
    return [part for part in parts if part not in PAIR or PAIR <= set(parts)]


def _load_unet(folder: Path) -> UNet2DConditionModel:
    """The UNet in `folder`, from safetensors, in the precision it is stored in."""
    kind = read_json(folder / "config.json").get("_class_name")
    if kind != "UNet2DConditionModel":
        raise ValueError(f"{folder} holds a {kind}, not a UNet2DConditionModel")
    # a plain name or "-00001-of-…" comes before the dot of a variant such as ".fp16"
    weights = sorted(folder.glob(f"*{SUFFIX}"), key=lambda file: (file.name.count("."), file.name))
    if not weights:
        raise ValueError(f"{folder} has no weights in safetensors format")
    try:
        with safe_open(weights[0], "pt") as file:
            dtype = file.get_tensor(next(iter(file.keys()))).dtype
    except SafetensorError as error:
        raise ValueError(f"{weights[0]} cannot be read: {error}") from None
    folder = folder.resolve()
    return load_component(folder.parent, folder.name, "diffusers", kind, dtype)
