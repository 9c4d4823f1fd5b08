"""A run killed with SIGKILL goes on from a whole checkpoint as if nothing had happened."""

import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from finetuning import losses, recipe, requires_glyphs, trained, write

from mtu.train import main
from mtu.training import checkpoint

STEPS = 14


def go_on(file: str, threads: int) -> None:
    """In a process of its own: take the run up where it is."""
    torch.set_num_threads(threads)  # sums are only the same if they are shared out alike
    main([file, "--resume"])


def killed_after(file: Path, run: Path, lines: int) -> None:
    """Start or resume the run and kill it once its losses have that many lines."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mtu.training.loop", "mtu.training.finetune.stage"])
    process = context.Process(target=go_on, args=(str(file), torch.get_num_threads()))
    process.start()
    log = run / "losses.jsonl"
    while process.is_alive() and (not log.is_file() or log.read_text().count("\n") < lines):
        process.join(0.02)
    if process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()


@requires_glyphs
def test_killed_anywhere_and_resumed_equals_uninterrupted(tmp_path):
    whole = trained(recipe(tmp_path / "whole", steps=STEPS))
    broken = recipe(tmp_path / "broken", steps=STEPS, checkpoint_seconds=0.0)
    run, file = tmp_path / "broken" / "run", write(broken, tmp_path / "broken")
    for lines in (2, 5, 9):  # wherever it is then: in a step, in a checkpoint, between the two
        killed_after(file, run, lines)
        groups, meta = checkpoint.load(run / "checkpoint")
        assert set(groups) == {"weights", "ema", "optimizer"} and meta["step"] >= lines - 2
    resumed = trained(broken, resume=True)
    assert losses(run) == losses(tmp_path / "whole" / "run")
    after = dict(resumed.stage.module.named_parameters())
    for name, tensor in whole.stage.module.named_parameters():
        assert torch.equal(tensor, after[name]), name
    for name, tensor in whole.ema.tensors.items():
        assert torch.equal(tensor, resumed.ema.tensors[name]), name


class Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", range(1, 12))
def test_a_checkpoint_is_whole_whenever_the_writer_dies(tmp_path, monkeypatch, moment):
    folder, calls = tmp_path / "checkpoint", []

    def mortal(action, before=None):
        def called(*args, **kwargs):
            calls.append(action)
            if len(calls) == moment:
                if before:
                    before(*args)
                raise Killed
            return action(*args, **kwargs)
        return called

    def half_removed(path, **_):  # rmtree removes file by file
        for file in sorted(Path(path).glob("*"))[:1]:
            file.unlink()

    def half_written(tensors, file):
        file.write_bytes(b"half")

    checkpoint.save(folder, {"weights": {"a": torch.zeros(1)}}, {"step": 0})
    steps = [0]
    monkeypatch.setattr(Path, "rename", mortal(Path.rename))
    monkeypatch.setattr(shutil, "rmtree", mortal(shutil.rmtree, half_removed))
    monkeypatch.setattr(checkpoint, "save_file", mortal(checkpoint.save_file, half_written))
    for step in (1, 2, 3):
        try:
            checkpoint.save(folder, {"weights": {"a": torch.full((1,), step)}}, {"step": step})
        except Killed:
            moment = 0  # the next process lives
        groups, meta = checkpoint.load(folder)
        assert groups["weights"]["a"].item() == meta["step"]
        assert meta["step"] >= steps[-1]
        steps.append(meta["step"])
    monkeypatch.undo()
    checkpoint.save(folder, {"weights": {"a": torch.zeros(1)}}, {"step": 4})
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint"]


def test_dying_between_the_two_renames_twice_loses_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "checkpoint"
    checkpoint.save(folder, {"weights": {"a": torch.zeros(1)}}, {"step": 1})
    rename = Path.rename

    def dies(path, target):
        if path.name.endswith(".part"):
            raise Killed
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", dies)
    for step in (2, 3):
        with pytest.raises(Killed):
            checkpoint.save(folder, {"weights": {"a": torch.zeros(1)}}, {"step": step})
        assert checkpoint.load(folder)[1] == {"step": 1}


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    checkpoint.save(tmp_path / "run" / "checkpoint",
                    {"weights": {"a": torch.zeros(1)}, "ema": {}, "optimizer": {}}, {"step": 1})
    with pytest.raises(ValueError, match="another model or method"):
        trained(recipe(tmp_path), resume=True)
