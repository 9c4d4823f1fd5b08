"""python -m mtu.evaluation.figures: the paper's figures 2 and 5 of one's own models, as SVG.

    rank --base A --tuned B --out F.svg    which part of each block fine-tuning changed most
    router --model M --out F.svg           how each task weighs the experts of each block
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import diffusers
import torch
import transformers
from safetensors import SafetensorError, safe_open

from mtu.cli import Parser, run
from mtu.pipeline import MTUPipeline
from mtu.router import Router

from .svg import diverging, document, heatmap

PARTS = {  # of a transformer block: the matrices whose change is taken together
    "FFN": ("ff.net.0.proj", "ff.net.2"),
    "self Q": ("attn1.to_q",), "self K": ("attn1.to_k",),
    "self V": ("attn1.to_v",), "self Out": ("attn1.to_out.0",),
    "cross Q": ("attn2.to_q",), "cross K": ("attn2.to_k",),
    "cross V": ("attn2.to_v",), "cross Out": ("attn2.to_out.0",),
}
_MATRIX = re.compile(r"(.*transformer_blocks\.\d+)\.(.+)\.weight")


def weight_files(folder: Path) -> list[Path]:
    """The safetensors of a UNet: of a pipeline's unet/, of the folder, or the file itself."""
    if folder.is_file() and folder.suffix == ".safetensors":
        return [folder]
    place = folder / "unet" if (folder / "unet").is_dir() else folder
    files = sorted(file for file in place.glob("*.safetensors") if ".fp16" not in file.name)
    files = files or sorted(place.glob("*.safetensors"))
    if not files:
        raise ValueError(f"{folder} holds no UNet in safetensors format")
    return files


def change_norms(base: Path, tuned: Path) -> dict[str, dict[str, float]]:
    """Block → part → ‖θ_tuned − θ_base‖_F, in the order of the UNet.

    base, tuned: folders of a pipeline or a UNet, or safetensors files, plain or upcycled (an
    upcycled UNet keeps the names). ValueError if they are not of one architecture.
    """
    first, second = _Matrices(weight_files(base)), _Matrices(weight_files(tuned))
    shared = [name for name in first.blocks if name in second.blocks]
    if not shared or len(shared) != len(first.blocks) or len(shared) != len(second.blocks):
        raise ValueError(f"{base} has {len(first.blocks)} transformer blocks and {tuned} has "
                         f"{len(second.blocks)}, {len(shared)} of the same names: they must agree")
    return {block: _block_norms(block, first, second) for block in shared}


def ranks(norms: dict[str, float]) -> dict[str, int]:
    """Part → its place by size, 1 for the largest; equals share the better place."""
    return {part: 1 + sum(other > value for other in norms.values())
            for part, value in norms.items()}


def rank_plot(norms: dict[str, dict[str, float]]) -> str:
    """Figure 2: the ranks of every block's parts, and their means beside the names."""
    places = {block: ranks(parts) for block, parts in norms.items()}
    means = mean_ranks(norms)
    rows = [f"{part}  ⌀ {means[part]:.1f}" for part in PARTS if part in means]
    values = [[places[block].get(part) for block in norms] for part in PARTS if part in means]
    parts, width, height = heatmap(
        "Rank of each part by the size of its change (1: changed most)", rows,
        [short(block) for block in norms], values,
        lambda rank: diverging((len(PARTS) + 1 - 2 * rank) / (len(PARTS) - 1)), str)
    return document(parts, max(width, 420), height)


def mean_ranks(norms: dict[str, dict[str, float]]) -> dict[str, float]:
    """Part → the mean of its ranks over the blocks that have it."""
    places = [ranks(parts) for parts in norms.values()]
    found = {part: [p[part] for p in places if part in p] for part in PARTS}
    return {part: sum(values) / len(values) for part, values in found.items() if values}


def router_plot(unet) -> str:
    """Figure 5: one grid per task, expert × block; grey is the even share 1/N.

    ValueError for a UNet without experts.
    """
    if not hasattr(unet, "router_weights"):
        raise ValueError("this model has no experts, and so no router weights")
    weights = unet.router_weights().float().cpu()  # (tasks, blocks, N)
    names = [name.removesuffix(".ff.router") for name, module in unet.named_modules()
             if isinstance(module, Router)]
    order = sorted(range(len(names)), key=lambda k: _natural(names[k]))  # down, middle, up
    names, weights = [names[k] for k in order], weights[:, order]
    experts, even = weights.shape[-1], 1 / weights.shape[-1]
    reach = max(float((weights - even).abs().max()), 0.05)  # small differences stay pale
    parts, width, height = [], 420, 0
    for task, table in zip(unet.task_names, weights, strict=True):
        grid, wide, high = heatmap(
            f"{task}: weight of each expert", [f"expert {k + 1}" for k in range(experts)],
            [short(name) for name in names], table.T.tolist(),
            lambda value: diverging((value - even) / reach), lambda value: f"{value:.2f}", height)
        parts += grid
        width, height = max(width, wide), height + high
    return document(parts, width, height)


def short(block: str) -> str:
    """"down_blocks.1.attentions.0.transformer_blocks.0" → "d1.0.0"; the middle's is "m.0.0"."""
    start, numbers = block.split("_")[0][:1], re.findall(r"\d+", block)
    return start + "." * (start == "m") + ".".join(numbers)


def _natural(name: str) -> list:
    """A sorting key by which 10 comes after 9."""
    return [int(word) if word.isdigit() else word for word in re.split(r"(\d+)", name)]


class _Matrices:
    """The matrices of the transformer blocks in some files, read one by one."""

    def __init__(self, files: list[Path]):
        self._places: dict[str, Path] = {}
        for file in files:
            try:
                with safe_open(file, "pt") as opened:
                    self._places |= {name: file for name in opened.keys()}
            except SafetensorError as error:
                raise ValueError(f"{file} cannot be read: {error}") from None
        found = {match[1] for match in map(_MATRIX.fullmatch, self._places) if match}
        self.blocks = sorted(found, key=_natural)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> torch.Tensor:
        with safe_open(self._places[name], "pt") as opened:
            return opened.get_tensor(name).float()


def _block_norms(block: str, first: _Matrices, second: _Matrices) -> dict[str, float]:
    norms = {}
    for part, matrices in PARTS.items():
        names = [f"{block}.{matrix}.weight" for matrix in matrices]
        if not all(name in first and name in second for name in names):
            continue
        squares = 0.0
        for name in names:
            one, two = first[name], second[name]
            if one.shape != two.shape:
                raise ValueError(f"{name} is {tuple(one.shape)} in one and {tuple(two.shape)} "
                                 "in the other")
            squares += float((two - one).double().square().sum())
        norms[part] = squares**0.5
    return norms


def _rank(args: argparse.Namespace) -> None:
    for folder in (args.base, args.tuned):
        if not folder.exists():
            raise ValueError(f"There is no model at {folder}.")
    norms = change_norms(args.base, args.tuned)
    args.out.write_text(rank_plot(norms), encoding="utf-8")
    print(json.dumps({"mean_rank": mean_ranks(norms), "norms": norms}, indent=1))


def _router(args: argparse.Namespace) -> None:
    args.out.write_text(router_plot(MTUPipeline.from_pretrained(args.model).unet),
                        encoding="utf-8")
    print(f"wrote {args.out}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = Parser(prog="mtu.evaluation.figures", description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="rank|router")
    rank = kinds.add_parser("rank", help="figure 2, from the weights before and after tuning")
    rank.add_argument("--base", type=Path, required=True, metavar="DIR")
    rank.add_argument("--tuned", type=Path, required=True, metavar="DIR")
    rank.set_defaults(action=_rank)
    router = kinds.add_parser("router", help="figure 5, of an upcycled model")
    router.add_argument("--model", required=True, metavar="MODEL", help="a folder or hub id")
    router.set_defaults(action=_router)
    for kind in (rank, router):
        kind.add_argument("--out", type=Path, required=True, metavar="F.svg")
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return run(parser, lambda args: args.action(args), argv)


if __name__ == "__main__":
    sys.exit(main())
