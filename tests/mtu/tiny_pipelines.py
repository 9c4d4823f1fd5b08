"""Tiny seeded pipelines: pixel space as the embedded model's, latent space as SD1.5's."""

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    UNet2DConditionModel,
)
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

from mtu import MTUConfig, MTUPipeline, MTUUNet2DConditionModel, condition_layout

PATCH = 4
WORDS = ("a cat and balloon on the beach make it night remove red blue ball").split()


def tiny_pipeline(**settings) -> MTUPipeline:
    """Pixel space, x-prediction, flow matching; 32×32 pixels in 4×4 patches, two levels."""
    torch.manual_seed(0)
    unet = _unet(3 * PATCH**2)
    config = MTUConfig(tasks=condition_layout(3 * PATCH**2, PATCH**2))
    defaults = {
        "prediction_type": "sample",
        "patch_size": PATCH,
        "default_steps": 3,
        "default_size": 32,
        "guidance": {"t2i": [3.0, 1.0], "edit": [3.0, 1.5], "inpaint": [2.0, 1.5]},
        "use_attention_mask": True,
    }
    return MTUPipeline(
        _moved(MTUUNet2DConditionModel.from_unet(unet, config)),
        _text_encoder(),
        tiny_tokenizer(),
        FlowMatchEulerDiscreteScheduler(shift=3.0),
        **(defaults | settings),
    )


def tiny_latent_pipeline(scheduler=None) -> MTUPipeline:
    """Latents of a tiny autoencoder (factor 2), epsilon prediction, DDIM."""
    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        sample_size=32,
    )
    config = MTUConfig(tasks=condition_layout(4))
    return MTUPipeline(
        _moved(MTUUNet2DConditionModel.from_unet(_unet(4), config)),
        _text_encoder(),
        tiny_tokenizer(),
        scheduler or DDIMScheduler(clip_sample=False),
        vae=vae.eval(),
        default_steps=3,
        default_size=32,
    )


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {word: index for index, word in enumerate(["<pad>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", model_max_length=8
    )


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """A smooth colourful "RGB" picture with a little grain, different for each seed."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(40, 215, (5, 5, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = rng.integers(-6, 7, smooth.shape)
    return Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _unet(channels: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=2,
        cross_attention_dim=24,
    ).eval()


def _moved(unet: MTUUNet2DConditionModel) -> MTUUNet2DConditionModel:
    """Away from its start, where the condition and the task change nothing."""
    with torch.no_grad():
        for parameter in unet.trainable_parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return unet


def _text_encoder() -> T5EncoderModel:
    config = T5Config(
        vocab_size=len(WORDS) + 2, d_model=24, d_kv=8, d_ff=32, num_layers=1, num_heads=2
    )
    return T5EncoderModel(config).eval()
