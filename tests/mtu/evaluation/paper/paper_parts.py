"""Small weights in the true form of the large ones, for the tests of the paper's metrics."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
)

from mtu.evaluation.paper.inception import Inception
from mtu.evaluation.paper.lpips import _alexnet

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def pattern(seed: int, shape) -> torch.Tensor:
    """Values in [-1, 1] that are the same on every machine."""
    count = torch.Size(shape).numel()
    return (torch.arange(count) % 9973).mul(0.37).add(seed).cos().reshape(shape)


def inception_tensors() -> dict[str, torch.Tensor]:
    """Patterned weights for every tensor of the network, at sizes that keep signals alive."""
    with torch.device("meta"):
        shapes = {k: v.shape for k, v in Inception().state_dict().items()}
    tensors = {}
    for seed, (name, shape) in enumerate(sorted(shapes.items())):
        value = pattern(seed, shape)
        if len(shape) == 4:
            tensors[name] = value * (2 / shape[1:].numel()) ** 0.5
        elif name.endswith("running_var"):
            tensors[name] = 1 + 0.5 * value
        elif name.endswith("bn.weight"):
            tensors[name] = 1 + 0.2 * value
        elif not name.endswith("num_batches_tracked"):
            tensors[name] = 0.1 * value
    return tensors


def alexnet_tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    whole = nn.ModuleDict({"features": _alexnet()})
    return {name: value.clone() for name, value in whole.state_dict().items()}


def write_clip(folder: Path) -> Path:
    """A tiny seeded CLIPModel as the hub keeps them: weights, vocabulary, merges, processor."""
    torch.manual_seed(0)
    vocabulary = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS),
                  "<|startoftext|>", "<|endoftext|>"]
    words = {word: index for index, word in enumerate(vocabulary)}
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
             "num_attention_heads": 2}
    text = CLIPTextConfig(vocab_size=len(words), max_position_embeddings=12, pad_token_id=1,
                          bos_token_id=words["<|startoftext|>"],
                          eos_token_id=words["<|endoftext|>"], **sizes)
    vision = CLIPVisionConfig(image_size=32, patch_size=8, **sizes)
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(),
                        projection_dim=8)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32},
                          crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": 12,
         "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
         "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>"}))
    return folder


def write_weights(folder: Path) -> Path:
    """A folder for --metrics-weights."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: value.half() for name, value in inception_tensors().items()}
    save_file(halves, folder / "inception.safetensors")
    save_file(alexnet_tensors(), folder / "alexnet.safetensors")
    write_clip(folder / "clip")
    return folder
