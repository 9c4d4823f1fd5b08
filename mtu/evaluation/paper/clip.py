"""Directional similarity on CLIP features: does the picture change in the asked direction?"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .weights import MissingPart

HUB_ID = "openai/clip-vit-large-patch14"  # InstructPix2Pix's measure of edits uses this one


def directional_similarity(first_from: torch.Tensor, first_to: torch.Tensor,
                           second_from: torch.Tensor, second_to: torch.Tensor) -> torch.Tensor:
    """cos(first_to − first_from, second_to − second_from) of features (B, D) -> (B,).

    METHOD §3: I-T with captions and pictures, I-I with the right and the made picture. Features
    are brought to length 1 first, as InstructPix2Pix's evaluation does (Brooks et al. 2023, §4).
    A direction of length 0 scores 0: a picture left as it is has gone nowhere.
    """
    ends = [F.normalize(end.float(), dim=-1)
            for end in (first_from, first_to, second_from, second_to)]
    return F.cosine_similarity(ends[1] - ends[0], ends[3] - ends[2], dim=-1)


class ClipFeatures(nn.Module):
    """A CLIPModel of transformers with what it needs to read pictures and texts."""

    def __init__(self, model, tokenizer, processor):
        super().__init__()
        self.model, self.tokenizer, self.processor = model.eval(), tokenizer, processor

    @classmethod
    def from_pretrained(cls, name: str | Path) -> "ClipFeatures":
        """From a folder (no network is touched) or a hub id, safetensors only.

        MissingPart in one sentence if there is no such model or it cannot be read.
        """
        from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

        local = Path(name).is_dir()
        if not local and (Path(name).is_absolute() or str(name).count("/") != 1):
            raise MissingPart(f"no CLIP weights: there is no folder {name}")
        try:
            model, info = CLIPModel.from_pretrained(
                name, use_safetensors=True, local_files_only=local, output_loading_info=True)
            tokenizer = CLIPTokenizer.from_pretrained(name, local_files_only=local)
            processor = CLIPImageProcessorPil.from_pretrained(name, local_files_only=local)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise MissingPart(f"no CLIP weights: {name} cannot be read ({reason})") from None
        for name_of in (*info["missing_keys"], *info["mismatched_keys"]):
            raise MissingPart(f"no CLIP weights: {name} does not fit at {name_of}")
        return cls(model, tokenizer, processor)

    @torch.no_grad()
    def images(self, pictures: list[np.ndarray]) -> torch.Tensor:
        """uint8 (H, W, 3) of any sizes -> (B, D), as the model's own processor prepares them."""
        pixels = self.processor(images=pictures, return_tensors="pt")["pixel_values"]
        output = self.model.get_image_features(pixel_values=pixels.to(self.model.device))
        return output.pooler_output

    @torch.no_grad()
    def texts(self, texts: list[str]) -> torch.Tensor:
        """Texts, cut to the model's length -> (B, D)."""
        length = self.model.config.text_config.max_position_embeddings
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=length,
                                return_tensors="pt").to(self.model.device)
        output = self.model.get_text_features(tokens["input_ids"], tokens["attention_mask"])
        return output.pooler_output
