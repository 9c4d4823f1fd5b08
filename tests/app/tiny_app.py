"""A pipeline so small that a picture takes milliseconds, and shorthands for turns."""

from concurrent.futures import Future

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

from app.backend import Backend
from app.turns import Message
from mtu import MTUConfig, MTUPipeline, MTUUNet2DConditionModel, condition_layout

PATCH = 4


def pipeline(steps: int, **settings) -> MTUPipeline:
    """32×32 pixels in 4×4 patches; every task does something of its own."""
    torch.manual_seed(0)
    channels = 3 * PATCH**2
    base = UNet2DConditionModel(
        sample_size=8, in_channels=channels, out_channels=channels, block_out_channels=(16, 32),
        layers_per_block=1, norm_num_groups=8, attention_head_dim=2, cross_attention_dim=16,
        down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2,
    )
    config = MTUConfig(tasks=condition_layout(channels, PATCH**2))
    unet = MTUUNet2DConditionModel.from_unet(base, config).eval()
    with torch.no_grad():
        for parameter in unet.trainable_parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    words = Tokenizer(models.WordLevel({"<pad>": 0, "<unk>": 1, "night": 2}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    encoder = T5Config(vocab_size=3, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return MTUPipeline(
        unet, T5EncoderModel(encoder).eval(),
        PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>",
                                model_max_length=8),
        FlowMatchEulerDiscreteScheduler(shift=3.0), prediction_type="sample", patch_size=PATCH,
        default_steps=steps, default_size=32, **settings,
    )


def ready(backend: Backend) -> "Future[Backend]":
    future: Future[Backend] = Future()
    future.set_result(backend)
    return future


def kinds(events) -> list[type]:
    """The kinds of the events, repetitions in a row counted once."""
    found: list[type] = []
    for event in events:
        if not found or found[-1] is not type(event):
            found.append(type(event))
    return found


def say(chat, session, text, *files, mask=None) -> list:
    return list(chat.turn(Message(text, files, mask), session))
