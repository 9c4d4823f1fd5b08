"""Seeded random bases of Stable Diffusion's and SDXL's shape, small enough for two cores."""

import string

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    PreTrainedTokenizerFast,
)

NAMES = ("tiny", "tiny-xl")
SIDE = 64  # pixels
TOKENS = 77  # characters of a prompt that are read
WIDTH = 32  # of a text encoder


def tiny_parts(name: str) -> dict:
    """The components of a pipeline: 64 × 64 pixels, latents of 4 × 32 × 32.

    name: "tiny" (SD1.5's shape) or "tiny-xl" (SDXL's: two text encoders, pooled embedding, time
    ids). The same weights each time; torch's global generator is left seeded.
    """
    torch.manual_seed(0)
    is_xl = name == "tiny-xl"
    parts = {
        "unet": _unet(is_xl), "vae": _vae(), "tokenizer": _tokenizer(),
        "text_encoder": CLIPTextModel(_text_config()).eval(),
        "scheduler": DDIMScheduler(  # Stable Diffusion's
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
            set_alpha_to_one=False, steps_offset=1),
    }
    if is_xl:
        parts["tokenizer_2"] = _tokenizer()
        parts["text_encoder_2"] = CLIPTextModelWithProjection(_text_config()).eval()
    return parts


def _unet(is_xl: bool) -> UNet2DConditionModel:
    config = {
        "sample_size": 32, "block_out_channels": (32, 64), "layers_per_block": 1,
        "norm_num_groups": 8, "cross_attention_dim": WIDTH, "attention_head_dim": 2,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    }
    if is_xl:
        config |= {
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2), "cross_attention_dim": 2 * WIDTH,
            "use_linear_projection": True, "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
        }
    return UNet2DConditionModel(**config).eval()


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, norm_num_groups=4, sample_size=64,
        scaling_factor=0.18215).eval()


def _tokenizer() -> PreTrainedTokenizerFast:
    """One token per character, an end token behind them."""
    letters = string.ascii_lowercase + string.digits + " .,:;!?'\"-()/"
    words = ["<pad>", "<unk>", "</s>", *letters]
    core = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    core.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 2)])
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", unk_token="<unk>",
                                   eos_token="</s>", model_max_length=TOKENS)


def _text_config() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=64, hidden_size=WIDTH, intermediate_size=64, projection_dim=WIDTH,
        num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=TOKENS,
        pad_token_id=0, bos_token_id=1, eos_token_id=2)
