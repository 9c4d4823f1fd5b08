"""python -m app.footprint: the most memory the whole app holds while it does all four tasks.

Starts `app/main.py` as a program of its own, has it draw, edit, erase and enlarge over the typed
call that programs have, and reads the peak of its resident memory from the system (Linux: VmHWM in
/proc/PID/status, proc(5)) after each. What stands after "--" goes to the app.
"""

import argparse
import base64
import contextlib
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from app.settings import ROOT
from mtu.cli import Parser, run

GOAL = 1536  # MiB
LARGEST = 2048  # pixels a side


def peak(process: int | str) -> int:
    """The most resident memory that a process has held so far, in MiB; ValueError if the system
    does not say."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    kib = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    if kib is None:
        raise ValueError("this system does not say how much memory a program has held")
    return int(kib) // 1024


@contextlib.contextmanager
def serving(flags: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The app, ready: its process and its address. ValueError with its own line if it ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app/main.py", "--port", str(port), *flags]
    app = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    try:
        if " is ready at " not in (app.stdout.readline() if app.stdout else ""):
            raise ValueError(app.communicate()[1].strip() or "the app ended before it was ready")
        yield app.pid, f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.communicate()


def work(address: str, largest: int) -> Iterator[tuple[str, int]]:
    """Every task in turn, each on what the one before made: (what was done, longer side)."""
    from gradio_client import Client

    client = Client(address, verbose=False)

    def made(task: str, prompt: str, image: str = "", scale: int = 2) -> dict:
        return client.predict(task=task, prompt=prompt, image=image, scale=scale, seed=1,
                              mask=_middle(image) if task == "inpaint" else "",
                              api_name="/generate")

    picture = {"image": ""}
    for name, task, prompt in (("draw", "t2i", "a fox and a balloon on the beach"),
                               ("edit", "edit", "make it night"),
                               ("erase", "inpaint", "remove the balloon")):
        picture = made(task, prompt, picture["image"])
        yield name, max(picture["width"], picture["height"])
    side = max(picture["width"], picture["height"])
    while 2 * side <= largest:
        scale = 4 if 4 * side <= largest else 2
        picture = made("sr", "", picture["image"], scale)
        side = max(picture["width"], picture["height"])
        yield f"enlarge ×{scale}", side


def _middle(image: str) -> str:
    """A mask as a PNG in base64 that marks the middle of a picture."""
    with Image.open(io.BytesIO(base64.b64decode(image))) as picture:
        mask = Image.new("L", picture.size)
    mask.paste(255, tuple(length * k // 3 for k in (1, 2) for length in mask.size))
    stream = io.BytesIO()
    mask.save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def measure(args: argparse.Namespace) -> None:
    """Print the peak after each task as one JSON object; ValueError if it cannot be measured."""
    if args.largest < 1:
        raise ValueError(f"--largest must be at least 1, not {args.largest}.")
    flags = args.flags[1:] if args.flags[:1] == ["--"] else args.flags
    with serving(flags) as (process, address):
        peaks = {"ready": peak(process)}
        for name, side in work(address, args.largest):
            peaks[f"{name}, {side} pixels"] = peak(process)
    report = {"peak in MiB after": peaks, "peak in MiB": max(peaks.values()), "goal in MiB": GOAL}
    print(json.dumps(report, indent=1, ensure_ascii=False))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = Parser(prog="app.footprint", description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=LARGEST, metavar="N",
                        help=f"enlarge up to N pixels a side; default: {LARGEST}")
    parser.add_argument("flags", nargs=argparse.REMAINDER, metavar="…",
                        help="flags of app/main.py, after --")
    return run(parser, measure, argv)


if __name__ == "__main__":
    sys.exit(main())
