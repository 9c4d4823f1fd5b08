"""Checkpoints: safetensors and JSON in a folder that appears whole or not at all."""

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file


def save(folder: Path, groups: dict[str, dict[str, torch.Tensor]], meta: dict) -> None:
    """Write each group of tensors and `meta` to `folder`, replacing it in one rename.

    Killed at any moment, it leaves a whole checkpoint where `load` finds it: the one before is
    set aside first and removed only when the new one has its name.
    """
    for stale in folder.parent.glob(f"{folder.name}.*.part"):  # of runs killed while writing
        shutil.rmtree(stale, ignore_errors=True)
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    for name, tensors in groups.items():
        plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        save_file(plain, part / f"{name}.safetensors")
    (part / "meta.json").write_text(json.dumps(meta, indent=1))
    old = folder.with_name(f"{folder.name}.old")
    if folder.exists():  # otherwise `old` may be the only whole one
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load(folder: Path) -> tuple[dict[str, dict[str, torch.Tensor]], dict] | None:
    """The groups and meta of a checkpoint, or None where there is none.

    A run killed between the two renames of `save` is taken up from the folder set aside.
    ValueError in one sentence for files that are not what `save` wrote.
    """
    old = folder.with_name(f"{folder.name}.old")
    source = folder if folder.exists() else old
    if not (source / "meta.json").is_file():
        return None
    try:
        groups = {file.stem: load_file(file) for file in sorted(source.glob("*.safetensors"))}
        return groups, json.loads((source / "meta.json").read_text())
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"The checkpoint {source} cannot be read: {error}") from None


def is_finished(folder: Path, steps: int, export: Path | None) -> bool:
    """True if the checkpoint in `folder` has `steps` steps, and its weights were exported after
    it was written."""
    try:
        done = json.loads((folder / "meta.json").read_text())["step"] >= steps
        if not done or export is None:
            return done
        written = (folder / "meta.json").stat().st_mtime
        return any(file.stat().st_mtime >= written for file in export.rglob("*") if file.is_file())
    except (OSError, ValueError, KeyError):
        return False
