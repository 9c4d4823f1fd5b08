"""Tiny seeded pipelines of diffusers itself: SD1.5's, SD2's and SDXL's shapes at a small width."""

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from tiny_unets import tiny_unet
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

SIDE = 32  # pixels; latents are 16 × 16
LETTERS = "abcdefghijklmnopqrstuvwxyz"
START, END = "<|startoftext|>", "<|endoftext|>"
NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
NOISE |= {"steps_offset": 1}


def sd15_peer(**unet) -> StableDiffusionPipeline:
    """Stable Diffusion 1.5's layout: CLIP, PNDM, epsilon."""
    base = tiny_unet("sd15", sample_size=SIDE // 2, **unet).float()
    scheduler = PNDMScheduler(skip_prk_steps=True, **NOISE)
    return _single(base, 24, "quick_gelu", END, scheduler)


def sd2_peer() -> StableDiffusionPipeline:
    """Stable Diffusion 2.1's: OpenCLIP without its last layer, linear projections, v-prediction."""
    base = tiny_unet("sd15", sample_size=SIDE // 2, use_linear_projection=True).float()
    scheduler = DDIMScheduler(
        prediction_type="v_prediction", clip_sample=False, set_alpha_to_one=False, **NOISE
    )
    return _single(base, 24, "gelu", "!", scheduler)


def sdxl_peer(force_zeros: bool = True, layers: int = 3, **unet) -> StableDiffusionXLPipeline:
    """SDXL's: two encoders, their last but one states side by side, a pooled embedding."""
    base = tiny_unet("sdxl", sample_size=SIDE // 2, **unet).float()
    return StableDiffusionXLPipeline(
        vae=tiny_vae(),
        text_encoder=tiny_encoder(CLIPTextModel, 16, "quick_gelu"),
        text_encoder_2=tiny_encoder(CLIPTextModelWithProjection, 24, "gelu", 20, layers),
        tokenizer=clip_tokenizer(END),
        tokenizer_2=clip_tokenizer("!"),
        unet=base,
        scheduler=EulerDiscreteScheduler(timestep_spacing="leading", **NOISE),
        force_zeros_for_empty_prompt=force_zeros,
        add_watermarker=False,
    )


def clip_tokenizer(pad: str) -> CLIPTokenizer:
    """CLIP's tokenizer over single letters, 77 tokens long."""
    words = [START, END, "!", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocabulary, [], pad_token=pad, model_max_length=77)


def tiny_vae() -> AutoencoderKL:
    torch.manual_seed(1)
    return AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        sample_size=SIDE,
    ).eval()


def _single(unet, width: int, act: str, pad: str, scheduler) -> StableDiffusionPipeline:
    return StableDiffusionPipeline(
        vae=tiny_vae(),
        text_encoder=tiny_encoder(CLIPTextModel, width, act),
        tokenizer=clip_tokenizer(pad),
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def tiny_encoder(kind, width: int, act: str, projection: int = 16, layers: int = 3):
    """A CLIP text model over `clip_tokenizer`'s tokens."""
    torch.manual_seed(width)
    config = CLIPTextConfig(
        vocab_size=3 + 2 * len(LETTERS), hidden_size=width, intermediate_size=2 * width,
        num_hidden_layers=layers, num_attention_heads=2, max_position_embeddings=77, hidden_act=act,
        projection_dim=projection, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    return kind(config).eval()
