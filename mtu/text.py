"""Prompts to the hidden states that the UNet attends to."""

from typing import NamedTuple

import torch

LONGEST_PROMPT = 512  # tokens, where a tokenizer names no limit of its own


class Text(NamedTuple):
    """states: (1, L, D). mask: (1, L), 1 on real tokens, or None if the UNet is not to have it."""

    states: torch.Tensor
    mask: torch.Tensor | None


def encode_text(tokenizer, encoder, prompt: str, use_mask: bool) -> Text:
    """One prompt, padded to the tokenizer's length; what is longer is cut off."""
    tokens = tokenizer(
        prompt,
        padding="max_length",
        max_length=min(tokenizer.model_max_length, LONGEST_PROMPT),
        truncation=True,
        return_tensors="pt",
    )
    mask = tokens.attention_mask.to(encoder.device) if use_mask else None
    ids = tokens.input_ids.to(encoder.device)
    return Text(encoder(ids, attention_mask=mask, return_dict=False)[0], mask)
