"""Prompts to the hidden states that the UNet attends to."""

from typing import NamedTuple

import torch

LONGEST_PROMPT = 512  # tokens, where a tokenizer names no limit of its own


class Text(NamedTuple):
    """states: (1, L, D). mask: (1, L), 1 on real tokens, or None if the UNet is not to have it.
    pooled: (1, P), the whole prompt's embedding, where the UNet adds one to the time's (SDXL)."""

    states: torch.Tensor
    mask: torch.Tensor | None
    pooled: torch.Tensor | None = None

    def to(self, device, dtype: torch.dtype) -> "Text":
        """The same on `device`, what is not a mask in `dtype`."""
        mask = None if self.mask is None else self.mask.to(device)
        pooled = None if self.pooled is None else self.pooled.to(device, dtype)
        return Text(self.states.to(device, dtype), mask, pooled)

    def zeros(self) -> "Text":
        """What says nothing to a model with `force_zeros_for_empty_prompt`."""
        pooled = None if self.pooled is None else torch.zeros_like(self.pooled)
        return Text(torch.zeros_like(self.states), self.mask, pooled)


def encode_prompt(pipeline, prompt: str) -> Text:
    """One prompt through the text components of `pipeline`, an MTUPipeline: SDXL's two encoders
    or one. "" is zeros where the model has learned it so (`force_zeros_for_empty_prompt`)."""
    if pipeline.text_encoder_2 is not None:
        text = encode_text_pair(pipeline, prompt)
    else:
        use_mask = pipeline.config.use_attention_mask
        text = encode_text(pipeline.tokenizer, pipeline.text_encoder, prompt, use_mask)
    return text if prompt or not pipeline.config.force_zeros_for_empty_prompt else text.zeros()


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


def encode_text_pair(pipeline, prompt: str) -> Text:
    """One prompt through SDXL's two encoders, by diffusers' own code: the last but one hidden
    states of both, side by side, and the second's pooled embedding (Podell et al. 2023, §2.1).

    pipeline: what has SDXL's text components (tokenizer, tokenizer_2, text_encoder,
    text_encoder_2) and is a DiffusionPipeline.
    """
    from diffusers import StableDiffusionXLPipeline  # brings the whole SDXL pipeline: only here

    states, _, pooled, _ = StableDiffusionXLPipeline.encode_prompt(
        pipeline, prompt, device=pipeline.text_encoder_2.device, do_classifier_free_guidance=False
    )
    return Text(states, None, pooled)
