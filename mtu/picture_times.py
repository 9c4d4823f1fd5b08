"""What a whole picture takes, at every speed the model has, and where the time goes.

Rounds of the speeds are interleaved in this process, and a ratio is the median over the rounds of
fast by best in the same round. Every part is timed where it runs: the text encoder and the UNet by
hooks around their forward passes, the end of the loop until the picture stands (decoding, and
compositing onto the source), and the PNG; what remains is noise, guidance, solver and previews.
"""

import io
import time
from collections.abc import Callable
from statistics import median

import torch
from PIL import Image

from .pipeline import MTUPipeline
from .speed import SPEEDS

PARTS = ("text encoder", "UNet", "decoding and compositing", "PNG", "rest")
WORDS = {"t2i": "a fox and a balloon on the beach", "edit": "make it night",
         "inpaint": "remove the balloon", "sr": ""}  # fmt: skip


def picture_times(
    pipe: MTUPipeline, rounds: int = 5, report: Callable[[str], None] = lambda line: None
) -> dict:
    """task → speed → steps, and medians over `rounds` of the seconds of a picture and of a step
    ("seconds" of wall clock, "cpu_seconds" of this process) and of the parts' shares of the first;
    "fast by best": the ratio of both. A speed that is the same for the task is left out.

    Sources of edits, removals and enlargements are the picture drawn first. ValueError for rounds
    below 1.
    """
    if rounds < 1:
        raise ValueError("rounds must be at least 1")
    source = pipe("t2i", WORDS["t2i"], generator=_seeded(0)).images[0]
    result = {}
    for task in pipe.layouts:
        speeds = SPEEDS if task in pipe.config.fast else SPEEDS[:1]
        times = {speed: [] for speed in speeds}
        for number in range(-1, rounds):  # the first round warms up
            order = speeds if number % 2 else speeds[::-1]
            for speed in order:
                one = _timed(pipe, task, None if task == "t2i" else source, speed)
                times[speed] += [one] * (number >= 0)
            if number >= 0:
                last = ", ".join(f"{speed} {times[speed][-1]['seconds']:.2f} s" for speed in speeds)
                report(f"{task}, round {number + 1} of {rounds}: {last}")
        result[task] = {speed: _summary(found) for speed, found in times.items()}
        if len(speeds) > 1:
            result[task]["fast by best"] = {
                kind: median(f[kind] / b[kind]
                             for f, b in zip(times["fast"], times["best"], strict=True))
                for kind in ("seconds", "cpu_seconds")
            }  # fmt: skip
    return result


def _summary(times: list[dict]) -> dict:
    summary = {"steps": times[0]["steps"], "UNet passes": times[0]["passes"]}
    for kind in ("seconds", "cpu_seconds"):
        values = [one[kind] for one in times]
        summary[kind] = median(values)
        summary[f"{kind} a step"] = median(values) / times[0]["steps"]
    shares = {part: median(one["parts"][part] / one["seconds"] for one in times) for part in PARTS}
    return summary | {"shares": shares}


def _timed(pipe: MTUPipeline, task: str, source: Image.Image | None, speed: str) -> dict:
    """One picture: seconds, cpu_seconds, steps, UNet passes, and seconds of each of PARTS."""
    device = pipe.unet.device
    parts, passes, begun = dict.fromkeys(PARTS, 0.0), [], []

    def begin(module, args):
        begun.append(_now(device))

    def end(module, args, output):
        name = "UNet" if module is pipe.unet else "text encoder"
        parts[name] += _now(device) - begun.pop()
        passes.append(name)

    coders = [coder for coder in (pipe.text_encoder, pipe.text_encoder_2) if coder is not None]
    hooks = [hook for module in (pipe.unet, *coders) for hook in (
        module.register_forward_pre_hook(begin), module.register_forward_hook(end))]  # fmt: skip
    wall, cpu = _now(device), time.process_time()
    try:
        steps = pipe.steps(task, WORDS[task], image=source, generator=_seeded(1), speed=speed)
        while True:
            try:
                step = next(steps)
                last = _now(device)
            except StopIteration as stop:
                picture = stop.value
                break
    finally:
        for hook in hooks:
            hook.remove()
    parts["decoding and compositing"] = _now(device) - last
    stood = _now(device)
    picture.save(io.BytesIO(), "PNG")
    parts["PNG"] = _now(device) - stood
    seconds = _now(device) - wall
    parts["rest"] = seconds - sum(parts.values())
    return {"seconds": seconds, "cpu_seconds": time.process_time() - cpu, "steps": step.of,
            "passes": passes.count("UNet"), "parts": parts}  # fmt: skip


def _now(device: torch.device) -> float:
    """The time, once the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
