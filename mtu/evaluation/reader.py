"""The scene reader: a small convolutional network that says what a playground picture shows.

It answers per cell of a 16×16 grid which thing is there, or none, and in which colour; and for
the picture as a whole its place, or none, its time of day, weather and style. It is trained to
answer "none" on things that are blurred, melted, or mixed of two (`mtu.data.reader`), because a
judge that always names its best guess would flatter a model that draws coloured blobs.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from mtu.packing import packed, unpacked
from mtu.playground.vocabulary import COLORS, PLACES, STYLES, THINGS, TIMES, WEATHERS

SIDE = 128  # pixels; pictures of other sizes are brought to it
GRID = 16  # cells a side
NONE = 0  # the first class of things, places and styles
CLASSES = {
    "thing": (None, *THINGS),
    "color": tuple(COLORS),
    "place": (None, *PLACES),
    "time": tuple(TIMES),
    "weather": tuple(WEATHERS),
    "style": (None, *STYLES),
}
_WHOLE = ("place", "time", "weather", "style")


@dataclass(frozen=True)
class ReaderConfig:
    """Widths of the three levels (32×32, 16×16, 8×8 cells) and blocks on each."""

    widths: tuple[int, int, int] = (64, 128, 192)
    depths: tuple[int, int, int] = (1, 4, 2)


class _Block(nn.Module):
    """Residual bottleneck: x + conv1×1(conv3×3(conv1×1(norm(x)))) at half the width."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.narrow = nn.Conv2d(width, width // 2, 1)
        self.spatial = nn.Conv2d(width // 2, width // 2, 3, padding=1)
        self.widen = nn.Conv2d(width // 2, width, 1)
        self.act = nn.GELU()
        nn.init.zeros_(self.widen.weight)
        nn.init.zeros_(self.widen.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.act(self.narrow(self.norm(x)))
        return x + self.widen(self.act(self.spatial(h)))


class SceneReader(nn.Module):
    """Pictures (B, 3, 128, 128) in [-1, 1] → logits by name of CLASSES.

    "thing" and "color" are (B, classes, 16, 16), the others (B, classes).
    """

    def __init__(self, config: ReaderConfig | None = None):
        super().__init__()
        self.config = config or ReaderConfig()
        fine, middle, coarse = self.config.widths
        levels = [nn.Sequential(*(_Block(width) for _ in range(depth)))
                  for width, depth in zip(self.config.widths, self.config.depths, strict=True)]
        self.conv_in = nn.Conv2d(3, fine, 6, stride=4, padding=1)  # 128 → 32
        self.fine, self.middle, self.coarse = levels
        self.to_middle = nn.Conv2d(fine, middle, 2, stride=2)  # 32 → 16
        self.to_coarse = nn.Conv2d(middle, coarse, 2, stride=2)  # 16 → 8
        self.back = nn.Conv2d(coarse, middle, 1)
        self.merge = _Block(middle)
        self.norm_cells, self.norm_whole = nn.GroupNorm(8, middle), nn.LayerNorm(2 * coarse)
        self.head_cells = nn.Conv2d(middle, len(CLASSES["thing"]) + len(CLASSES["color"]), 1)
        self.head_whole = nn.Linear(2 * coarse, sum(len(CLASSES[name]) for name in _WHOLE))

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        middle = self.middle(self.to_middle(self.fine(self.conv_in(pictures))))
        coarse = self.coarse(self.to_coarse(middle))  # (B, C, 8, 8)
        context = nn.functional.interpolate(self.back(coarse), scale_factor=2.0)
        cells = self.head_cells(self.norm_cells(self.merge(middle + context)))
        thing, color = cells.split([len(CLASSES["thing"]), len(CLASSES["color"])], 1)
        pooled = torch.cat([coarse.mean((2, 3)), coarse.amax((2, 3))], 1)
        whole = self.head_whole(self.norm_whole(pooled))
        parts = whole.split([len(CLASSES[name]) for name in _WHOLE], 1)
        return {"thing": thing, "color": color, **dict(zip(_WHOLE, parts, strict=True))}

    def save_pretrained(self, folder: Path) -> None:
        """Weights and config.json, with the classes in their order, into `folder`,
        packed (mtu.packing)."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(packed(self.state_dict()), folder / "model.safetensors")
        text = json.dumps(asdict(self.config) | {"classes": CLASSES}, indent=1, ensure_ascii=False)
        (folder / "config.json").write_text(text + "\n", encoding="utf-8")

    def take_over(self, folder: Path) -> None:
        """Start from a reader of the same widths whose vocabulary may be another one: its layers,
        and its answers of the classes that both know. ValueError if there is none in `folder`."""
        if not (folder / "config.json").is_file():
            raise ValueError(f"There is no scene reader in {folder}.")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        old = unpacked(load_file(folder / "model.safetensors"))
        for head, names in (("head_cells", ("thing", "color")), ("head_whole", _WHOLE)):
            before = [(name, kind) for name in names for kind in config["classes"][name]]
            now = [(name, kind) for name in names for kind in CLASSES[name]]
            shared = [(k, before.index(kind)) for k, kind in enumerate(now) if kind in before]
            here, there = (torch.tensor(places) for places in zip(*shared, strict=True))
            for part in ("weight", "bias"):
                own = getattr(getattr(self, head), part).detach().clone()
                own[here] = old[f"{head}.{part}"][there]
                old[f"{head}.{part}"] = own
        self.load_state_dict(old)

    @classmethod
    def from_pretrained(cls, folder: Path) -> "SceneReader":
        """The reader saved in `folder`, in float32.

        ValueError in one sentence if there is none or it was trained on another vocabulary.
        """
        if not (folder / "config.json").is_file():
            raise ValueError(f"There is no scene reader in {folder}.")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.pop("classes") != {name: list(names) for name, names in CLASSES.items()}:
            raise ValueError(f"The scene reader in {folder} was trained on another vocabulary.")
        reader = cls(ReaderConfig(**{name: tuple(value) for name, value in config.items()}))
        reader.load_state_dict(unpacked(load_file(folder / "model.safetensors")))
        return reader.eval()
