"""python -m mtu.benchmark: a step of the base UNet, of the multi-task one and of a folded one.

All three run in this process with random weights in one precision, memory format, number of
threads and attention, on the same inputs; rounds are interleaved, and a ratio is the median over
the rounds of a variant's time by the base's in the same round. On a CPU that does other work too,
the processor time (cpu_seconds) is the one to read. Switching a folded UNet's task is timed
against one step, and the weights that serve all tasks are counted as they lie in memory.

With --pictures, whole pictures of a saved model instead: steps and seconds at both of its speeds,
their ratio, and the shares of text encoder, UNet, compositing and PNG (picture_times.py).
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import diffusers
import torch
import transformers
from diffusers import UNet2DConditionModel
from torch import nn

from .cli import Parser, run
from .clock import Clock
from .cost import build, configs
from .cost_flops import step_inputs
from .cost_pipelines import compare
from .picture_times import picture_times
from .pipeline import MTUPipeline
from .switch import FoldedTask
from .unet import MTUUNet2DConditionModel

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
EMBEDDED = Path(__file__).parent.parent / "assets" / "playground"


def benchmark(
    model: str | Path,
    dtype: str = "bf16",
    device: str = "cpu",
    size: int | None = None,
    rounds: int = 5,
    task: str = "t2i",
    batch: int = 1,
    tokens: int = 77,
    channels_last: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> dict:
    """Measure `model`: "sd15", "sdxl", "embedded", or what `mtu.cost` takes. size: pixels a side;
    default the model's own. task: what the multi-task and the folded UNet do; its condition is
    random. report: told what runs. Returns a JSON-able dict. ValueError for a value out of range.
    """
    place = _device(device)
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, not {dtype!r}")
    if min(rounds, batch, tokens) < 1:
        raise ValueError("rounds, batch and tokens must be at least 1")
    config, mtu_config, pixels, parts = configs(EMBEDDED if model == "embedded" else model)
    if task not in mtu_config.tasks:
        raise ValueError(f"unknown task {task!r}; this model has {', '.join(mtu_config.tasks)}")
    size = size or config["sample_size"] * pixels
    if size < 1 or size % pixels:
        raise ValueError(f"size must be a positive multiple of {pixels}")
    report("building the models")
    torch.manual_seed(0)
    base = _random_unet(config, DTYPES[dtype], place, channels_last)
    mtu = MTUUNet2DConditionModel.from_unet(base, mtu_config)
    folded = FoldedTask(mtu, task)
    steps = _steps(base, mtu, folded, size // pixels, tokens, batch, task)
    clock = Clock(place)
    times = _rounds(steps, clock, rounds, report)
    return {
        "model": str(model), "dtype": dtype, "device": _name(place), "size": size, "task": task,
        "batch": batch, "tokens": tokens, "rounds": rounds, "channels_last": channels_last,
        "threads": torch.get_num_threads(), "torch": torch.__version__,
        "steps": _summary(times),
        "same_output": _differences(steps) if not mtu_config.tasks[task] else None,
        "switching": _switching(folded, clock, times["base"]),
        "weights": _weights(config, mtu_config, parts, [mtu, folded.unet], DTYPES[dtype].itemsize),
    }  # fmt: skip


def benchmark_pictures(
    model: str | Path, device: str = "cpu", rounds: int = 5,
    report: Callable[[str], None] = lambda line: None,
) -> dict:
    """`picture_times` of a saved model, "embedded" or what `MTUPipeline.from_pretrained` takes."""
    place = _device(device)
    pipe = MTUPipeline.from_pretrained(EMBEDDED if model == "embedded" else model).to(place)
    return {
        "model": str(model), "device": _name(place), "size": pipe.config.default_size,
        "rounds": rounds, "threads": torch.get_num_threads(), "torch": torch.__version__,
        "pictures": picture_times(pipe, rounds, report),
    }  # fmt: skip


def _device(name: str) -> torch.device:
    if name not in ("cpu", "cuda"):
        raise ValueError(f"device must be cpu or cuda, not {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("there is no CUDA device here")
    return torch.device(name)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def _random_unet(config: dict, dtype: torch.dtype, device: torch.device, channels_last: bool):
    """A UNet never held in more than `dtype`, with weights of torch's usual size, seeded."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**config)
    unet = unet.to(dtype).to_empty(device=device).requires_grad_(False).eval()
    generator = torch.Generator(device).manual_seed(0)
    for module in unet.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.Embedding)):
            bound = module.weight[0].numel() ** -0.5
            module.weight.uniform_(-bound, bound, generator=generator)
        elif isinstance(module, (nn.GroupNorm, nn.LayerNorm)):
            module.weight.fill_(1.0)
        if getattr(module, "bias", None) is not None:
            module.bias.zero_()
    return unet.to(memory_format=torch.channels_last) if channels_last else unet


def _steps(base, mtu, folded: FoldedTask, side: int, tokens: int, batch: int, task: str) -> dict:
    """variant -> a function that runs one forward and returns its output."""
    inputs = step_inputs(base, side, tokens, batch)
    channels = mtu.mtu_config.tasks[task]
    condition = torch.randn_like(inputs["sample"][:, :1].expand(-1, channels, -1, -1))
    both = inputs | {"sample": torch.cat([inputs["sample"], condition], dim=1)}
    return {
        "base": lambda: base(**inputs).sample,
        "unfolded": lambda: mtu(**inputs, task=task, condition=condition).sample,
        "folded": lambda: folded.unet(**both).sample,
    }


@torch.inference_mode()
def _rounds(steps: dict, clock: Clock, rounds: int, report) -> dict[str, list[dict]]:
    """variant -> its times, a round each; each round begins with another variant."""
    for name, step in steps.items():
        report(f"warming up: {name}")
        step()
    times, names = {name: [] for name in steps}, list(steps)
    for index in range(rounds):
        for name in names[index % len(names) :] + names[: index % len(names)]:
            times[name].append(clock.time(steps[name]))
        last = ", ".join(f"{name} {times[name][-1]['seconds']:.3f} s" for name in names)
        report(f"round {index + 1} of {rounds}: {last}")
    return times


def _summary(times: dict[str, list[dict]]) -> dict:
    summary = {}
    for name, own in times.items():
        summary[name] = {}
        for kind in own[0]:
            values = [time[kind] for time in own]
            summary[name][kind] = {"median": median(values), "min": min(values), "max": max(values)}
            if name != "base":
                ratios = [a / b[kind] for a, b in zip(values, times["base"], strict=True)]
                summary[name][f"ratio_of_{kind}"] = {
                    "median": median(ratios), "min": min(ratios), "max": max(ratios)
                }  # fmt: skip
    return summary


@torch.inference_mode()
def _differences(steps: dict) -> dict[str, float]:
    """Relative difference of each variant's output from the base's, at the upcycled start."""
    expected = steps["base"]().float()
    differences = {name: (step().float() - expected).norm() for name, step in steps.items()}
    del differences["base"]
    return {name: (value / expected.norm()).item() for name, value in differences.items()}


def _switching(folded: FoldedTask, clock: Clock, base: list[dict]) -> dict:
    """Median time to switch a folded UNet through all tasks, to fold anew, and both by a step's."""
    tasks = folded.model.task_names
    folded.switch(tasks[-1])  # the first use of an operation is slower than the rest
    switch = median(clock.time(lambda task=task: folded.switch(task))["seconds"] for task in tasks)
    anew = clock.time(lambda: folded.model.fold(tasks[0]))["seconds"]
    step = median(time["seconds"] for time in base)
    return {
        "switch_seconds": switch, "switch_in_steps": switch / step,
        "fold_seconds": anew, "fold_in_steps": anew / step,
    }  # fmt: skip


def _weights(config: dict, mtu_config, parts: dict, held: Sequence[nn.Module], width: int) -> dict:
    """Bytes of the UNets held here, tensor by tensor, plus the other parts of a pipeline by their
    configurations, against the same tasks' own pipelines (`cost_pipelines.compare`)."""
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes()
                for unet in held for t in unet.state_dict().values()}  # fmt: skip
    base, mtu, folded = build(config, mtu_config)
    four = compare(base, mtu, folded, parts)["four"]["params"] * width
    one = sum(storages.values()) + sum(parts.values()) * width
    return {
        "unets_mb": sum(storages.values()) / 1e6, "one_pipeline_mb": one / 1e6,
        "four_pipelines_mb": four / 1e6, "ratio": one / four,
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="mtu.benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="sd15", metavar="MODEL",
                        help="sd15 (default), sdxl, embedded, or a folder or hub id")  # fmt: skip
    parser.add_argument("--dtype", default="bf16", help="bf16 (default), fp16 or fp32")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--size", type=int, help="pixels a side (the model's own)")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (5)")
    parser.add_argument("--threads", type=int, help="of torch on the CPU (torch's own choice)")
    parser.add_argument("--task", default="t2i", help="what the UNets do (t2i)")
    parser.add_argument("--batch", type=int, default=1, help="rows of a step (1)")
    parser.add_argument("--pictures", action="store_true",
                        help="whole pictures of a saved model, at both speeds")  # fmt: skip
    parser.add_argument("--channels-last", action="store_true", help="memory format, of all three")

    def action(args):
        if args.threads is not None:
            if args.threads < 1:
                raise ValueError("threads must be at least 1")
            torch.set_num_threads(args.threads)

        def report(line):
            print(line, file=sys.stderr)

        if args.pictures:
            result = benchmark_pictures(args.model, args.device, args.rounds, report)
        else:
            result = benchmark(
                args.model, args.dtype, args.device, args.size, args.rounds, args.task, args.batch,
                channels_last=args.channels_last, report=report,
            )  # fmt: skip
        print(json.dumps(result, indent=2))

    for library in (diffusers, transformers):
        library.logging.set_verbosity_error()
        library.logging.disable_progress_bar()
    return run(parser, action, argv)


if __name__ == "__main__":
    sys.exit(main())
