"""However a batch is shared by processes and passes, the losses are those of one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from finetuning import assert_same_losses, losses, recipe, requires_glyphs, trained, write

from mtu.training.parallel import Shares
from mtu.training.recipe import RecipeError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("processes", "passes", "group"), [(1, 1, 1), (2, 1, 4), (2, 2, 2),
                                                            (3, 1, 4), (1, 6, 2)])
def test_shares_cover_every_step_once_and_keep_groups_together(processes, passes, group):
    shares = [list(Shares(2, 5, 12, group, rank, processes, passes)) for rank in range(processes)]
    assert all(len(share) == 3 * passes for share in shares)
    for step in range(3):
        rows = [row for share in shares for part in share[step * passes : (step + 1) * passes]
                for row in part]
        assert sorted(rows) == list(range((step + 2) * 12, (step + 3) * 12))
    for part in (part for share in shares for part in share):
        assert part
        for first in range(0, len(part), group):
            block = part[first : first + group]
            assert block == list(range(block[0], block[0] + group)) and block[0] % group == 0


def test_more_shares_than_groups_are_refused():
    with pytest.raises(ValueError, match="8 rows in groups of 4 cannot be shared by 3 processes"):
        Shares(0, 1, 8, 4, 0, 3)


@requires_glyphs
def test_two_processes_and_two_passes_have_the_losses_of_one(tmp_path):
    trained(recipe(tmp_path / "one", steps=6, decay=0.0))
    *expected, last, final = losses(tmp_path / "one" / "run")
    assert len(expected) == 4 and set(expected[0]) == {"step", "t2i", "edit", "sr", "inpaint"}
    trained(recipe(tmp_path / "passes", accumulate=2, decay=0.0))
    assert_same_losses(losses(tmp_path / "passes" / "run"), expected, 1e-5)
    file = write(recipe(tmp_path / "two", decay=0.0), tmp_path / "two")
    run = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
         "-m", "mtu.train", str(file)],
        cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert_same_losses(losses(tmp_path / "two" / "run"), expected, 1e-5)
    # what two processes left, one takes up
    trained(recipe(tmp_path / "two", steps=6, decay=0.0), resume=True)
    assert_same_losses(losses(tmp_path / "two" / "run"), [*expected, last, final], 1e-5)


def test_half_precision_without_a_gpu_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RecipeError, match="fp16 needs a GPU"):
        trained(recipe(tmp_path, precision="fp16"))


def test_a_stage_for_one_process_refuses_passes(tmp_path):
    from mtu.training.loop import Trainer
    from mtu.training.text_stage import TextStage

    alone = recipe(tmp_path, stage="text", accumulate=2, init_from=None)
    alone.options.clear()
    alone.options["tokenizer_lines"] = 300
    with pytest.raises(RecipeError, match="text runs in one process and one pass"):
        Trainer(TextStage(alone), alone, resume=False)
