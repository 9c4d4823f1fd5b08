"""What a run writes down step by step: losses.jsonl always, TensorBoard where it is installed."""

import json
import os
import sys
from pathlib import Path

from .recipe import RecipeError

MODES = ("auto", "required", "off")
MISSING = "TensorBoard is not installed: losses go to losses.jsonl alone (pip install tensorboard)."


class Log:
    """One JSON object per step in `folder`/losses.jsonl, and the same as TensorBoard scalars.

    step: steps done so far; what a killed run wrote after its last checkpoint is dropped, so that
    the file reads as if it had never been killed. mode: "auto" goes on without TensorBoard where
    it is missing and says so once on standard error; "required" raises RecipeError then; "off".
    """

    def __init__(self, folder: Path, step: int, mode: str):
        self._board = _open_board(folder / "tensorboard", step, mode)
        file = folder / "losses.jsonl"
        kept = _lines_until(file, step)
        part = file.with_name(f"{file.name}.part")
        part.write_text("".join(kept))
        os.replace(part, file)
        self._file = file.open("a")

    def write(self, step: int, losses: dict[str, float], **more: float) -> None:
        """Note the losses of optimiser step number `step` (from 1) and other figures of it."""
        self._file.write(json.dumps({"step": step, **losses}) + "\n")
        self._file.flush()
        if self._board:
            for name, value in losses.items():
                self._board.add_scalar(f"loss/{name}", value, step)
            for name, value in more.items():
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        self._file.close()
        if self._board:
            self._board.close()


def _open_board(folder: Path, step: int, mode: str):
    if mode == "off":
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        if mode == "required":
            raise RecipeError("The recipe requires TensorBoard, which is not installed: "
                              "pip install tensorboard.") from None
        print(MISSING, file=sys.stderr)
        return None
    return SummaryWriter(str(folder), purge_step=step + 1)


def _lines_until(file: Path, step: int) -> list[str]:
    """The whole lines of steps up to `step`; a line cut off by a kill is dropped."""
    kept = []
    if step and file.is_file():
        for line in file.read_text().splitlines(keepends=True):
            try:
                if line.endswith("\n") and json.loads(line)["step"] <= step:
                    kept.append(line)
            except (json.JSONDecodeError, KeyError, TypeError):
                continue
    return kept
