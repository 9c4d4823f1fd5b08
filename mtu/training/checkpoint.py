"""Checkpoints: safetensors and JSON in a folder that appears whole or not at all."""

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def save(folder: Path, groups: dict[str, dict[str, torch.Tensor]], meta: dict) -> None:
    """Write each group of tensors and `meta` to `folder`, replacing it in one rename."""
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, tensors in groups.items():
        plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        save_file(plain, part / f"{name}.safetensors")
    (part / "meta.json").write_text(json.dumps(meta, indent=1))
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load(folder: Path) -> tuple[dict[str, dict[str, torch.Tensor]], dict] | None:
    """The groups and meta of a checkpoint, or None where there is none.

    A run killed between the two renames of `save` is taken up from the folder set aside.
    """
    old = folder.with_name(f"{folder.name}.old")
    source = folder if folder.exists() else old
    if not (source / "meta.json").is_file():
        return None
    groups = {file.stem: load_file(file) for file in sorted(source.glob("*.safetensors"))}
    return groups, json.loads((source / "meta.json").read_text())
