"""Public configurations of the models that `mtu.cost` compares, as data.

Values are those of the published `config.json` files; what is left out is the library's default.
"""

SD15 = {"cross_attention_dim": 768, "sample_size": 64}
SDXL = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
PAPER = {"sd15": (SD15, 4), "sdxl": (SDXL, 1)}  # name -> UNet config, number of experts

# stabilityai/stable-diffusion-x4-upscaler: noise level as a class, the small picture as 3 channels
UPSCALER = {
    "sample_size": 128,
    "in_channels": 7,
    "block_out_channels": (256, 512, 512, 1024),
    "down_block_types": ("DownBlock2D", *("CrossAttnDownBlock2D",) * 3),
    "up_block_types": (*("CrossAttnUpBlock2D",) * 3, "UpBlock2D"),
    "attention_head_dim": 8,
    "cross_attention_dim": 1024,
    "num_class_embeds": 1000,
    "only_cross_attention": (True, True, True, False),
    "use_linear_projection": True,
}

VAE = {  # SD1.5's, and SDXL's of the same shape
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
}
UPSCALER_VAE = VAE | {
    "block_out_channels": (128, 256, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
}


def _clip(width: int, layers: int, heads: int, projection: int) -> dict:
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "projection_dim": projection,
        "vocab_size": 49408,
        "max_position_embeddings": 77,
    }


CLIP_L = ("CLIPTextModel", _clip(768, 12, 12, 768))
CLIP_H = ("CLIPTextModel", _clip(1024, 23, 16, 512))  # SD2's: the last layer is left away
CLIP_BIGG = ("CLIPTextModelWithProjection", _clip(1280, 32, 20, 1280))

# family -> the pipelines a user loads for the four tasks: UNet, autoencoder, text encoders
_UPSCALER_PIPELINE = (UPSCALER, UPSCALER_VAE, (CLIP_H,))
PIPELINES = {
    "sd15": {
        "stable-diffusion-v1-5": (SD15, VAE, (CLIP_L,)),
        "instruct-pix2pix": (SD15 | {"in_channels": 8}, VAE, (CLIP_L,)),
        "stable-diffusion-inpainting": (SD15 | {"in_channels": 9}, VAE, (CLIP_L,)),
        "stable-diffusion-x4-upscaler": _UPSCALER_PIPELINE,
    },
    "sdxl": {
        "stable-diffusion-xl-base-1.0": (SDXL, VAE, (CLIP_L, CLIP_BIGG)),
        "sdxl-instructpix2pix-768": (SDXL | {"in_channels": 8}, VAE, (CLIP_L, CLIP_BIGG)),
        "stable-diffusion-xl-1.0-inpainting-0.1": (
            SDXL | {"in_channels": 9}, VAE, (CLIP_L, CLIP_BIGG)
        ),
        "stable-diffusion-x4-upscaler": _UPSCALER_PIPELINE,
    },
}  # fmt: skip
