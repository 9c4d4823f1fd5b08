"""Tiny seeded UNets shaped like those MTU upcycles, and inputs for them."""

import torch
from diffusers import UNet2DConditionModel

from mtu import MTUConfig, MTUUNet2DConditionModel, condition_layout

TASKS = condition_layout(4)
SHAPES = {
    "sd15": {  # convolutional projections, one transformer layer a block, last block without
        "block_out_channels": (16, 32),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "attention_head_dim": 2,
        "cross_attention_dim": 24,
    },
    "sdxl": {  # linear projections, several layers a block, time and text embeddings added
        "block_out_channels": (16, 32),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 3),
        "attention_head_dim": (2, 4),
        "cross_attention_dim": 40,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 20,
    },
}


def tiny_unet(shape: str, **changes) -> UNet2DConditionModel:
    """A float64 UNet in evaluation mode; the same weights each time."""
    torch.manual_seed(0)
    config = {"sample_size": 8, "layers_per_block": 1, "norm_num_groups": 8} | SHAPES[shape]
    return UNet2DConditionModel(**(config | changes)).double().eval()


def tiny_mtu(shape: str, config: MTUConfig | None = None) -> MTUUNet2DConditionModel:
    """`tiny_unet` upcycled, then every trainable tensor moved away from its start."""
    model = MTUUNet2DConditionModel.from_unet(tiny_unet(shape), config)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.trainable_parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.add_(0.2 * noise)
    return model


def tiny_inputs(shape: str, batch: int = 4, seed: int = 2) -> dict[str, torch.Tensor]:
    """Forward arguments of `tiny_unet(shape)`: own noise, prompt and timestep in each row."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*size):
        return torch.randn(batch, *size, generator=generator, dtype=torch.float64)

    inputs = {
        "sample": draw(4, 8, 8),
        "timestep": torch.linspace(20, 980, batch, dtype=torch.float64),
        "encoder_hidden_states": draw(5, SHAPES[shape]["cross_attention_dim"]),
    }
    if shape == "sdxl":
        inputs["added_cond_kwargs"] = {"text_embeds": draw(20), "time_ids": draw(6)}
    return inputs


def tiny_condition(batch: int = 4, channels: int = TASKS["inpaint"]) -> torch.Tensor:
    """(B, channels, 8, 8)."""
    generator = torch.Generator().manual_seed(3)
    return torch.randn(batch, channels, 8, 8, generator=generator, dtype=torch.float64)


def row(inputs: dict, index: int) -> dict:
    """The inputs of one row alone."""
    return {
        key: row(value, index) if isinstance(value, dict) else value[index : index + 1]
        for key, value in inputs.items()
    }


def relative_error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    return ((actual - expected).norm() / expected.norm()).item()
