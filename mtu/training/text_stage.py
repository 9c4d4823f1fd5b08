"""Stage 1, the text encoder: masked words, and predicting the Scene or the Edit from its text.

Captions and instructions are learned alike, so that after freezing the encoder tells "remove the
cat" from "a cat" and "the left one" from "to the left" (METHOD §5). A UNet reads the states of the
words by one attention and a matrix, so what belongs together must lie in one state: each noun's is
asked, by a matrix, where its thing stands and what is to become of it; and each cell of the
picture, by one attention, what stands in it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from mtu.playground.captions import caption
from mtu.playground.cells import cell_labels, stacked
from mtu.playground.edits import EDIT_KINDS, REMOVAL_KINDS, Edit, sample_edit, sample_removal
from mtu.playground.instructions import instruction
from mtu.playground.model import build_text_encoder, build_tokenizer
from mtu.playground.nouns import nouns_in
from mtu.playground.scene import GRID, Item, Scene, sample_scene
from mtu.playground.vocabulary import (
    COLORS,
    COLUMNS,
    PLACES,
    ROWS,
    SIZES,
    STYLES,
    THINGS,
    TIMES,
    WEATHERS,
)
from mtu.text_encoder import load_text_encoder

from .asked import NUMBERS, label_errors
from .parts import add_figures
from .recipe import RecipeError

# what is predicted of every thing, and of the text as a whole; 0 always means "none of them"
THING_FIELDS = {
    "role": ("in the scene", "changed", "new"),
    "color": tuple(COLORS), "column": tuple(COLUMNS), "row": tuple(ROWS), "size": tuple(SIZES),
}
TEXT_FIELDS = {
    "kind": (*EDIT_KINDS, *REMOVAL_KINDS), "place": tuple(PLACES), "time": tuple(TIMES),
    "weather": tuple(WEATHERS), "style": tuple(STYLES), "column": tuple(COLUMNS),
    "change": ("bigger", "smaller"), "color": tuple(COLORS),
}
_THING_NAMES = tuple(THINGS)
_IGNORED = -100
_EVERY = 2  # of the picture's cells across and down, which are asked
_THING_WEIGHT = 3.0  # of cells with a thing


def _code(names: tuple[str, ...], value: str | None) -> int:
    return names.index(value) + 1 if value in names else 0


def _mark(things: np.ndarray, item: Item, role: str) -> None:
    things[_THING_NAMES.index(item.thing)] = [
        _code(THING_FIELDS["role"], role), _code(THING_FIELDS["color"], item.color),
        _code(THING_FIELDS["column"], item.column), _code(THING_FIELDS["row"], item.row),
        _code(THING_FIELDS["size"], item.size)]


def scene_targets(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Targets of a caption: int64 (things, fields) and (text fields,)."""
    things = np.zeros((len(_THING_NAMES), len(THING_FIELDS)), np.int64)
    for item in scene.items:
        _mark(things, item, "in the scene")
        if sum(other.thing == item.thing for other in scene.items) > 1:
            things[_THING_NAMES.index(item.thing), 1:] = _IGNORED  # several, each elsewhere
    values = {"place": scene.place, "time": scene.time, "weather": scene.weather}
    text = [_code(names, values.get(name)) for name, names in TEXT_FIELDS.items()]
    return things, np.array(text, np.int64)


def edit_targets(scene: Scene, edit: Edit) -> tuple[np.ndarray, np.ndarray]:
    """Targets of an instruction; of the changed thing only its role is asked."""
    things = np.zeros((len(_THING_NAMES), len(THING_FIELDS)), np.int64)
    named = edit.kind not in ("remove_position", "remove_mask", "fill_mask")
    if edit.index is not None and named:
        item = scene.items[edit.index]
        _mark(things, item, "changed")
        things[_THING_NAMES.index(item.thing), 1:] = _IGNORED
    if edit.kind in ("replace", "add", "fill_mask"):
        _mark(things, edit.item, "new")
        if edit.kind != "add":  # it stands where the old one was: place and size are not said
            things[_THING_NAMES.index(edit.item.thing), 2:] = _IGNORED
    values = {"kind": edit.kind}
    field = {"place": "place", "time": "time", "weather": "weather", "style": "style",
             "move": "column", "remove_position": "column", "resize": "change",
             "recolor": "color"}.get(edit.kind)
    if field:
        values[field] = edit.value
    text = [_code(names, values.get(name)) for name, names in TEXT_FIELDS.items()]
    if edit.kind == "remove_mask":
        things[:] = _IGNORED  # the text may or may not name what is under the mask
    return things, np.array(text, np.int64)


@dataclass
class Line:
    """One text with what it says. cells (5, 16, 16): `cell_labels` of a caption's scene."""

    text: str
    things: np.ndarray
    values: np.ndarray
    cells: np.ndarray | None = None


class Lines(Dataset):
    """Captions and instructions, half and half; row i depends on (seed, i) alone."""

    def __init__(self, seed: int, split: str = "train"):
        self.seed, self.split = seed, split

    def __len__(self) -> int:
        return 2**40

    def __getitem__(self, index: int) -> Line:
        rng = np.random.default_rng([self.seed, index])
        if index % 2 == 0:
            scene = sample_scene(rng, split=self.split)
            return Line(caption(scene, rng), *scene_targets(scene), cell_labels(scene))
        kinds = EDIT_KINDS + REMOVAL_KINDS
        kind = kinds[int(rng.integers(len(kinds)))]
        sampler = sample_edit if kind in EDIT_KINDS else sample_removal
        while True:
            scene = sample_scene(rng, split=self.split)
            edit = sampler(rng, scene, kind, self.split)
            if edit:
                return Line(instruction(scene, edit, rng), *edit_targets(scene, edit))


class TextModel(nn.Module):
    """The encoder with the heads it is trained by; only the encoder is kept."""

    def __init__(self, encoder: T5EncoderModel):
        super().__init__()
        self.encoder = encoder
        width = encoder.config.d_model
        self.head_queries = nn.Parameter(torch.randn(len(_THING_NAMES) + 1, width))
        self.head_attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.head_norm = nn.LayerNorm(width)
        self.head_mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU())
        self.head_things = nn.Linear(2 * width, sum(len(v) + 1 for v in THING_FIELDS.values()))
        self.head_text = nn.Linear(2 * width, sum(len(v) + 1 for v in TEXT_FIELDS.values()))
        self.head_nouns = nn.Linear(width, sum(len(v) + 1 for v in THING_FIELDS.values()))
        self.head_places = nn.Parameter(torch.randn((GRID // _EVERY) ** 2, width))
        self.head_looking = nn.MultiheadAttention(width, 4, batch_first=True)
        self.head_cells = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(),
                                        nn.Linear(2 * width, sum(NUMBERS.values())))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor):
        """ids, mask: (B, L) → word logits (B, L, V), things (B, T, ·), text (B, ·), nouns
        (B, L, ·), cells (B, ·, 8, 8)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        words = states @ self.encoder.shared.weight.T / states.shape[-1] ** 0.5
        queries = self.head_queries.expand(len(ids), -1, -1)
        pooled, _ = self.head_attention(queries, states, states, key_padding_mask=mask == 0,
                                        need_weights=False)
        hidden = self.head_mlp(self.head_norm(pooled))
        places = self.head_places.expand(len(ids), -1, -1)
        cells, _ = self.head_looking(places, states, states, key_padding_mask=mask == 0,
                                     need_weights=False)
        side = GRID // _EVERY
        cells = self.head_cells(cells).transpose(1, 2).unflatten(2, (side, side))
        return (words, self.head_things(hidden[:, :-1]), self.head_text(hidden[:, -1]),
                self.head_nouns(states), cells)


def _take_over(encoder: T5EncoderModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Start from an encoder that knows fewer words: its layers, and its vectors of the pieces that
    both vocabularies have. New pieces keep fresh vectors of the same spread."""
    if not (folder / "text_encoder").is_dir():
        raise RecipeError(f"init_from must name a folder with a text encoder, not {folder}.")
    old = load_text_encoder(folder / "text_encoder")
    known = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer").get_vocab()
    own = tokenizer.get_vocab()
    shared = [piece for piece in own if piece in known]
    with torch.no_grad():
        vectors = encoder.shared.weight.clone()
        vectors *= old.shared.weight.std() / vectors.std()
        vectors[[own[piece] for piece in shared]] = \
            old.shared.weight[[known[piece] for piece in shared]]
    weights = {name: vectors if tensor.shape == old.shared.weight.shape else tensor
               for name, tensor in old.state_dict().items()}
    encoder.load_state_dict(weights)


def _split(logits: torch.Tensor, fields: dict) -> dict[str, torch.Tensor]:
    parts = logits.split([len(names) + 1 for names in fields.values()], dim=-1)
    return dict(zip(fields, parts, strict=True))


class TextStage:
    """Text only: seeded captions and instructions in, a frozen-to-be encoder out."""

    def __init__(self, recipe):
        self.recipe = recipe
        self.data = Lines(recipe.seed)
        folder = recipe.path("run_dir") / "tokenizer"
        if (folder / "tokenizer.json").is_file():
            self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        else:
            count = recipe.options.get("tokenizer_lines", 24000)
            lines = [self.data[i].text for i in range(count)]
            self.tokenizer = build_tokenizer(lines, folder, recipe.options.get("vocabulary", 1400))
        torch.manual_seed(recipe.seed)
        encoder = build_text_encoder(len(self.tokenizer), recipe.options.get("layers", 4))
        if recipe.init_from:
            _take_over(encoder, self.tokenizer, recipe.path("init_from"))
        self.module = TextModel(encoder)
        if recipe.options.get("words_only"):
            encoder.requires_grad_(False)
            encoder.shared.requires_grad_(True)

    def dataset(self) -> Dataset:
        return self.data

    def collate(self, rows: list[Line]):
        texts = self.tokenizer([row.text for row in rows], padding=True, truncation=True,
                               return_tensors="pt", return_offsets_mapping=True)
        things = torch.from_numpy(np.stack([row.things for row in rows]))
        values = torch.from_numpy(np.stack([row.values for row in rows]))
        nouns = torch.zeros_like(texts.input_ids)
        for k, row in enumerate(rows):
            for number, start, end in nouns_in(row.text, np.flatnonzero(row.things[:, 0] > 0)):
                first, last = texts.offset_mapping[k].unbind(1)
                nouns[k][(first < end) & (last > start)] = number + 1
        cells = stacked(row.cells for row in rows)
        return (texts.input_ids, texts.attention_mask, things, values, nouns,
                torch.from_numpy(cells[..., ::_EVERY, ::_EVERY].copy()))

    def losses(self, batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        ids, mask, things, values, nouns, cells = batch
        device = self.module.head_queries.device
        hidden = (torch.rand(ids.shape, generator=generator) < 0.15) & (ids > 2)
        # only every other row is masked: the heads must also see whole texts
        hidden[::2] = False
        masked = ids.masked_fill(hidden, self.tokenizer.mask_token_id)
        words, by_thing, by_text, by_noun, by_cell = self.module(masked.to(device),
                                                                 mask.to(device))
        out = {"words": F.cross_entropy(words[hidden].float(), ids[hidden].to(device))}
        things, values = things.to(device), values.to(device)
        for k, (name, logits) in enumerate(_split(by_thing, THING_FIELDS).items()):
            target = things[..., k]
            if name != "role":  # attributes only of things the text names
                target = target.masked_fill(things[..., 0] <= 0, _IGNORED)
            scale = 8.0 if name == "role" else 1.0
            out[name] = scale * F.cross_entropy(logits.float().flatten(0, 1), target.flatten())
        row, place = nouns.nonzero(as_tuple=True)
        asked = things[row.to(device), nouns[row, place].to(device) - 1]  # (nouns, fields)
        said = _split(by_noun[row, place], THING_FIELDS)
        out["nouns"] = 2.0 * sum(F.cross_entropy(logits.float(), asked[:, k])
                                 for k, logits in enumerate(said.values()))
        weight = 1 + (_THING_WEIGHT - 1) * (cells[:, :1] > 0).float()
        out["cells"] = 4.0 * label_errors(by_cell, cells, weight).mean()
        parts = _split(by_text, TEXT_FIELDS)
        out["text"] = sum(F.cross_entropy(logits.float(), values[:, k])
                          for k, logits in enumerate(parts.values()))
        return out

    @torch.no_grad()
    def accuracy(self, count: int = 512, seed: int = 10**6, split: str = "train") -> dict:
        """Share of unseen texts whose roles, kind, place, … are all read right."""
        data, device = Lines(seed, split), self.module.head_queries.device
        ids, mask, things, values, nouns, cells = self.collate([data[i] for i in range(count)])
        _, by_thing, by_text, by_noun, by_cell = self.module(ids.to(device), mask.to(device))
        role = _split(by_thing, THING_FIELDS)["role"].argmax(-1).cpu()
        known = things[..., 0] != _IGNORED
        result = {"roles": float(((role == things[..., 0]) | ~known).all(1).float().mean())}
        for k, (name, logits) in enumerate(_split(by_text, TEXT_FIELDS).items()):
            result[name] = float((logits.argmax(-1).cpu() == values[:, k]).float().mean())
        row, place = nouns.nonzero(as_tuple=True)
        asked = things[row, nouns[row, place] - 1]
        for k, (name, logits) in enumerate(_split(by_noun[row, place], THING_FIELDS).items()):
            told = asked[:, k] != _IGNORED
            right = logits.argmax(-1).cpu() == asked[:, k]
            result[f"noun's {name}"] = float(right[told].float().mean())
        there = cells[:, 0] > 0
        right = by_cell[:, :NUMBERS["thing"]].argmax(1).cpu() == cells[:, 0]
        result["cells"] = float(right[there].float().mean())
        return result

    def sample(self, folder: Path, step: int) -> None:
        add_figures(folder / "accuracy.txt", step, self.accuracy())

    def export(self, folder: Path) -> None:
        self.sample(self.recipe.path("run_dir"), self.recipe.steps)
        self.module.encoder.save_pretrained(folder / "text_encoder")
        self.tokenizer.save_pretrained(folder / "tokenizer")
