"""A real router, a real engine, and a pipeline so small that a picture takes milliseconds."""

import itertools
from concurrent.futures import Future

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

from app.backend import Backend
from app.chat import Chat
from app.session import Session
from app.settings import ROUTER
from intents import Router
from mtu import Engine, MTUConfig, MTUPipeline, MTUUNet2DConditionModel, condition_layout

PATCH = 4


def pipeline(steps: int) -> MTUPipeline:
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
        default_steps=steps, default_size=32,
    )


@pytest.fixture(scope="session")
def router() -> Router:
    return Router.load(ROUTER)


@pytest.fixture(scope="session")
def backend(router) -> Backend:
    """Two steps a picture."""
    backend = Backend(router, Engine(pipeline(2)), "tiny")
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def slow_backend(router) -> Backend:
    """So many steps that a test can stop it on the way."""
    backend = Backend(router, Engine(pipeline(900)), "tiny")
    yield backend
    backend.close()


def ready(backend: Backend) -> "Future[Backend]":
    future: Future[Backend] = Future()
    future.set_result(backend)
    return future


@pytest.fixture
def future(backend) -> "Future[Backend]":
    return ready(backend)


@pytest.fixture
def chat(future) -> Chat:
    """Seeds 1, 2, 3 …"""
    counter = itertools.count(1)
    return Chat(future, max_megapixels=1.0, new_seed=lambda: next(counter))


@pytest.fixture
def slow_chat(slow_backend) -> Chat:
    return Chat(ready(slow_backend), new_seed=lambda: 7)


@pytest.fixture
def session(tmp_path) -> Session:
    return Session(tmp_path / "conversation")
