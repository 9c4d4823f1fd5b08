"""Tiny configurations of diffusers' denoisers, to try the walk on: made by this project."""

from collections.abc import Callable
from typing import NamedTuple

import diffusers
import torch

LATENT = (4, 8, 8)
TEXT, WIDTH = 5, 24  # tokens of a prompt, and their width


class Tiny(NamedTuple):
    """config: of the class in diffusers. inputs: rows -> the forward's arguments, random. shared:
    those of the arguments that have no dimension of rows."""

    config: dict
    inputs: Callable[[int], dict]
    shared: tuple[str, ...] = ()

    def build(self, name: str) -> torch.nn.Module:
        """A float64 model in evaluation mode; the same weights each time."""
        torch.manual_seed(0)
        return getattr(diffusers, name)(**self.config).double().eval()


def _r(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def _times(rows: int) -> torch.Tensor:
    return torch.linspace(20, 980, rows, dtype=torch.float64)


def _unet(rows: int, *sample: int) -> dict:
    text = {"encoder_hidden_states": _r(rows, TEXT, WIDTH)}
    return {"sample": _r(rows, *sample), "timestep": _times(rows)} | text


def _motion(rows: int) -> dict:
    text = {"encoder_hidden_states": _r(rows * 3, TEXT, WIDTH)}  # a prompt for every frame
    return _unet(rows, 4, 3, 8, 8) | text


def _svd(rows: int) -> dict:
    return _unet(rows, 3, *LATENT) | {"added_time_ids": _r(rows, 3)}


def _transformer(rows: int) -> dict:
    return {"hidden_states": _r(rows, 32, 8, 8), "encoder_hidden_states": _r(rows, TEXT, WIDTH)}


def _dit(rows: int) -> dict:
    labels = torch.arange(rows)
    return {"hidden_states": _r(rows, *LATENT), "timestep": _times(rows), "class_labels": labels}


def _pixart(rows: int) -> dict:
    sizes = {"resolution": None, "aspect_ratio": None}
    text = {"encoder_hidden_states": _r(rows, TEXT, WIDTH), "added_cond_kwargs": sizes}
    return {"hidden_states": _r(rows, *LATENT), "timestep": _times(rows)} | text


def _hunyuan(rows: int) -> dict:
    return {
        "hidden_states": _r(rows, *LATENT),
        "timestep": _times(rows),
        "encoder_hidden_states": _r(rows, TEXT, WIDTH),
        "text_embedding_mask": torch.ones(rows, TEXT, dtype=torch.long),
        "encoder_hidden_states_t5": _r(rows, TEXT, WIDTH),
        "text_embedding_mask_t5": torch.ones(rows, TEXT, dtype=torch.long),
        "image_meta_size": torch.full((rows, 6), 64.0, dtype=torch.float64),
        "style": torch.zeros(rows, dtype=torch.long),
        "image_rotary_emb": (_r(16, 8), _r(16, 8)),
    }


def _sd3(rows: int) -> dict:
    return {
        "hidden_states": _r(rows, *LATENT),
        "encoder_hidden_states": _r(rows, TEXT, WIDTH),
        "pooled_projections": _r(rows, 20),
        "timestep": _times(rows),
    }


def _tokens(rows: int) -> dict:
    return {
        "hidden_states": _r(rows, 16, 4),
        "encoder_hidden_states": _r(rows, TEXT, WIDTH),
        "timestep": _times(rows) / 1000,
        "img_ids": torch.cartesian_prod(torch.zeros(1), torch.arange(4.0), torch.arange(4.0)),
        "txt_ids": torch.zeros(TEXT, 3),
    }


def _flux(rows: int) -> dict:
    return _tokens(rows) | {"pooled_projections": _r(rows, 20)}


def _cogview(rows: int) -> dict:
    size = torch.full((rows, 2), 64.0, dtype=torch.float64)
    return {
        "hidden_states": _r(rows, *LATENT),
        "encoder_hidden_states": _r(rows, TEXT, WIDTH),
        "timestep": _times(rows),
        "original_size": size,
        "target_size": size,
        "crop_coords": torch.zeros_like(size),
    }


def _qwen(rows: int) -> dict:
    return {
        "hidden_states": _r(rows, 16, 4),
        "encoder_hidden_states": _r(rows, TEXT, WIDTH),
        "encoder_hidden_states_mask": torch.ones(rows, TEXT, dtype=torch.bool),
        "timestep": _times(rows) / 1000,
        "img_shapes": [[(1, 4, 4)]] * rows,
    }


def _ltx(rows: int) -> dict:
    return {
        "hidden_states": _r(rows, 16, 4),
        "encoder_hidden_states": _r(rows, TEXT, WIDTH),
        "timestep": _times(rows),
        "encoder_attention_mask": torch.ones(rows, TEXT, dtype=torch.float64),
        "num_frames": 1, "height": 4, "width": 4,
    }  # fmt: skip


def _wan(rows: int) -> dict:
    text = {"encoder_hidden_states": _r(rows, TEXT, WIDTH)}
    return {"hidden_states": _r(rows, 4, 1, 8, 8), "timestep": _times(rows)} | text


_UNET = {"block_out_channels": (32, 64), "layers_per_block": 1, "cross_attention_dim": WIDTH,
         "sample_size": 8}  # fmt: skip
_HEADS = {"num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 2}
_PATCHES = {"in_channels": 4, "sample_size": 8, "patch_size": 2}
_STREAMS = {"in_channels": 4, "num_attention_heads": 2, "num_layers": 1, "num_single_layers": 1,
            "attention_head_dim": 16, "joint_attention_dim": WIDTH,
            "axes_dims_rope": (4, 6, 6)}  # fmt: skip
_COGVIEW = _PATCHES | {"out_channels": 4, "num_layers": 2, "num_attention_heads": 2,
                       "text_embed_dim": WIDTH, "time_embed_dim": 8,
                       "condition_dim": 4}  # fmt: skip

TRIED = {
    "UNet2DConditionModel": Tiny(
        _UNET | {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
                 "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"), "attention_head_dim": 2},
        lambda rows: _unet(rows, *LATENT),
    ),
    "UNetMotionModel": Tiny(
        _UNET | {"down_block_types": ("CrossAttnDownBlockMotion", "DownBlockMotion"),
                 "up_block_types": ("UpBlockMotion", "CrossAttnUpBlockMotion"),
                 "num_attention_heads": 2, "motion_num_attention_heads": 2},
        _motion,
    ),
    "UNetSpatioTemporalConditionModel": Tiny(
        _UNET | {"down_block_types": ("CrossAttnDownBlockSpatioTemporal",
                                      "DownBlockSpatioTemporal"),
                 "up_block_types": ("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
                 "num_attention_heads": 2, "in_channels": 4, "addition_time_embed_dim": 8,
                 "projection_class_embeddings_input_dim": 24},
        _svd,
    ),
    "Transformer2DModel": Tiny(
        _HEADS | {"in_channels": 32, "norm_num_groups": 8, "cross_attention_dim": WIDTH},
        _transformer,
    ),
    "DiTTransformer2DModel": Tiny(_HEADS | _PATCHES, _dit),
    "PixArtTransformer2DModel": Tiny(
        _HEADS | _PATCHES | {"cross_attention_dim": 16, "caption_channels": WIDTH},
        _pixart, ("added_cond_kwargs",),
    ),
    "HunyuanDiT2DModel": Tiny(
        _HEADS | _PATCHES | {"hidden_size": 16, "cross_attention_dim": WIDTH,
                             "cross_attention_dim_t5": WIDTH, "pooled_projection_dim": 8,
                             "text_len": TEXT, "text_len_t5": TEXT},
        _hunyuan, ("image_rotary_emb",),
    ),
    "SD3Transformer2DModel": Tiny(
        _HEADS | _PATCHES | {"joint_attention_dim": WIDTH, "caption_projection_dim": 16,
                             "pooled_projection_dim": 20, "out_channels": 4,
                             "pos_embed_max_size": 8},
        _sd3,
    ),
    "FluxTransformer2DModel": Tiny(
        _STREAMS | {"pooled_projection_dim": 20}, _flux, ("img_ids", "txt_ids")
    ),
    "ChromaTransformer2DModel": Tiny(
        _STREAMS | {"approximator_num_channels": 8, "approximator_hidden_dim": 16,
                    "approximator_layers": 1},
        _tokens, ("img_ids", "txt_ids"),
    ),
    "OvisImageTransformer2DModel": Tiny(_STREAMS, _tokens, ("img_ids", "txt_ids")),
    "CogView3PlusTransformer2DModel": Tiny(
        _COGVIEW | {"attention_head_dim": 8, "pos_embed_max_size": 8}, _cogview
    ),
    "CogView4Transformer2DModel": Tiny(
        _COGVIEW | {"attention_head_dim": 16, "rope_axes_dim": (8, 8)}, _cogview
    ),
    "QwenImageTransformer2DModel": Tiny(
        {k: v for k, v in _STREAMS.items() if k != "num_single_layers"} | {"out_channels": 1}, _qwen
    ),
    "LTXVideoTransformer3DModel": Tiny(
        _HEADS | {"in_channels": 4, "out_channels": 4, "cross_attention_dim": 16,
                  "caption_channels": WIDTH},
        _ltx, ("num_frames", "height", "width"),
    ),
    "WanTransformer3DModel": Tiny(
        {"num_attention_heads": 2, "attention_head_dim": 12, "in_channels": 4, "out_channels": 4,
         "text_dim": WIDTH, "freq_dim": 32, "ffn_dim": 32, "num_layers": 2,
         "rope_max_seq_len": 32},
        _wan,
    ),
}  # fmt: skip

REFUSED = {
    "UNet2DModel": {"block_out_channels": (32, 64), "layers_per_block": 1, "sample_size": 8,
                    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
                    "up_block_types": ("AttnUpBlock2D", "UpBlock2D")},
    "AuraFlowTransformer2DModel": {"num_mmdit_layers": 1, "num_single_dit_layers": 1,
                                   "attention_head_dim": 8, "num_attention_heads": 2,
                                   "joint_attention_dim": WIDTH, "caption_projection_dim": 16,
                                   "sample_size": 8, "pos_embed_max_size": 16},
    "LuminaNextDiT2DModel": {"hidden_size": 16, "num_layers": 1, "num_attention_heads": 2,
                             "num_kv_heads": 1, "cross_attention_dim": WIDTH, "sample_size": 8,
                             "multiple_of": 16},
    "SanaTransformer2DModel": _HEADS | {"num_cross_attention_heads": 2,
                                        "cross_attention_head_dim": 8, "cross_attention_dim": 16,
                                        "caption_channels": WIDTH, "sample_size": 8},
    "Flux2Transformer2DModel": {"in_channels": 4, "num_attention_heads": 2, "num_layers": 1,
                                "num_single_layers": 1, "attention_head_dim": 16,
                                "joint_attention_dim": WIDTH, "axes_dims_rope": (4, 4, 4, 4)},
    "OmniGenTransformer2DModel": {"hidden_size": 16, "num_attention_heads": 2, "num_layers": 1,
                                  "num_key_value_heads": 2, "intermediate_size": 32,
                                  "vocab_size": 100, "pad_token_id": 0,
                                  "rope_scaling": {"short_factor": [1.0] * 4,
                                                   "long_factor": [1.0] * 4}},
    "ZImageTransformer2DModel": {"dim": 16, "n_layers": 1, "n_refiner_layers": 1, "n_heads": 2,
                                 "n_kv_heads": 2, "cap_feat_dim": WIDTH, "axes_dims": [2, 2, 4],
                                 "axes_lens": [8, 8, 8]},
}  # fmt: skip
