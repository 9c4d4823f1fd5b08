"""A checkpoint in one .safetensors file, as Stable Diffusion's authors publish it.

diffusers converts the tensors (`from_single_file`). It would fetch the configurations that go with
them from the hub; they are in configs/ instead, so that no network is needed: the public ones of
Stable Diffusion 1.5, Stable Diffusion 2.1 and Stable Diffusion XL 1.0.
"""

import json
import tempfile
from copy import deepcopy
from pathlib import Path

import torch
from diffusers.loaders.single_file_utils import (
    CHECKPOINT_KEY_NAMES,
    DIFFUSERS_DEFAULT_PIPELINE_PATHS,
    infer_diffusers_model_type,
)
from safetensors import SafetensorError, safe_open
from transformers import CLIPTokenizer

from .cli import read_json

CONFIGS = Path(__file__).parent / "configs"
FAMILIES = {"v1": "sd15", "v2": "sd2", "xl_base": "sdxl"}  # diffusers' name -> ours
CLIP_TOKENIZER = "openai/clip-vit-large-patch14"  # all three families read its vocabulary
SPECIAL_TOKENS = 3  # all that transformers' tokenizer has if a folder has no vocabulary
UNET_PREFIX = "model.diffusion_model."
BASE_SIZE = 64  # of SD2's latents where it predicts the noise: its 512-pixel models


def load_single_file(
    path: Path,
    tokenizer: str | Path | None = None,
    prediction_type: str | None = None,
    config: dict | None = None,
):
    """The diffusers pipeline in the checkpoint at `path`, in the precision it is stored in.

    tokenizer: a folder with CLIP's tokenizer, which a single file does not hold; None to take it
    from the hub or its cache. prediction_type: what the UNet predicts, where that is not what its
    family's does ("epsilon" for SD2's 512-pixel models, "v_prediction" for some SDXL ones).
    config: configurations laid out as those in configs/; None for the family's own.

    ValueError in one sentence for another kind of file, or one that lacks a tensor.
    """
    family, dtype = _inspect(path)
    config = deepcopy(config) if config else read_json(CONFIGS / f"{family}.json")
    if prediction_type is not None:
        config["scheduler"]["prediction_type"] = prediction_type
        if family == "sd2" and prediction_type == "epsilon":
            config["unet"]["sample_size"] = BASE_SIZE
    tokenizers = {
        name: _tokenizer(tokenizer, pad) for name, pad in config.pop("pad_tokens").items()
    }
    kind = config["model_index.json"]["_class_name"]
    import diffusers  # its pipelines load when they are asked for

    with tempfile.TemporaryDirectory(prefix="mtu-config-") as folder:
        _lay_out(config, Path(folder))
        try:
            pipeline = getattr(diffusers, kind).from_single_file(
                str(path), config=folder, torch_dtype=dtype, local_files_only=True, **tokenizers
            )
        except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].split(". ")[0]
            if "meta tensor" in reason:  # what diffusers found no value for
                reason = "it lacks tensors that a model of its family has"
            raise ValueError(f"{path} cannot be converted: {reason}.") from None
    _check_whole(path, pipeline)
    return pipeline


def _inspect(path: Path) -> tuple[str, torch.dtype]:
    """(family, precision of the UNet's tensors); ValueError for any other file."""
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            kind = infer_diffusers_model_type(_Header(file, names))
            unet = next((name for name in names if name.startswith(UNET_PREFIX)), None)
            dtype = None if unet is None else file.get_tensor(unet).dtype
    except SafetensorError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    except (KeyError, StopIteration, IndexError):
        kind = dtype = None
    # diffusers calls everything it does not know v1
    if dtype is None or (kind == "v1" and CHECKPOINT_KEY_NAMES["v1"] not in names):
        raise ValueError(f"{path} is no checkpoint of Stable Diffusion 1.5, 2 or XL.")
    if kind not in FAMILIES:
        place = DIFFUSERS_DEFAULT_PIPELINE_PATHS.get(kind, {}).get("pretrained_model_name_or_path")
        raise ValueError(
            f"{path} is a checkpoint of another family ({place or kind}): "
            "text-to-image ones of Stable Diffusion 1.5, 2 and XL can be upcycled."
        )
    return FAMILIES[kind], dtype


class _Header(dict):
    """A checkpoint's names and shapes, read without its tensors."""

    def __init__(self, file, names):
        super().__init__((name, None) for name in names)
        self._file = file

    def __getitem__(self, name):
        shape = self._file.get_slice(name).get_shape() if name in self else None
        if shape is None:
            raise KeyError(name)
        return torch.empty(shape, device="meta")


def _tokenizer(place: str | Path | None, pad_token: str):
    try:
        tokenizer = CLIPTokenizer.from_pretrained(place or CLIP_TOKENIZER, pad_token=pad_token)
    except (OSError, ValueError, TypeError):
        tokenizer = ()
    if len(tokenizer) > SPECIAL_TOKENS:
        return tokenizer
    where = f"{place} holds no CLIP tokenizer" if place else "A single file holds no tokenizer"
    raise ValueError(
        f"{where}: give with --tokenizer the tokenizer folder of any Stable Diffusion model, "
        f"or go online once to fetch {CLIP_TOKENIZER}."
    )


def _lay_out(config: dict, folder: Path) -> None:
    """Write configurations as diffusers lays them out."""
    for name, values in config.items():
        place = folder / name
        if place.suffix != ".json":
            place.mkdir()
            place /= "scheduler_config.json" if name == "scheduler" else "config.json"
        place.write_text(json.dumps(values), encoding="utf-8")


def _check_whole(path: Path, pipeline) -> None:
    """diffusers leaves what a file lacks without a value: refuse that."""
    for part, module in pipeline.components.items():
        if isinstance(module, torch.nn.Module):
            lacking = [name for name, tensor in module.state_dict().items() if tensor.is_meta]
            if lacking:
                raise ValueError(f"{path} lacks {len(lacking)} tensors of {part}: {lacking[0]} …")
