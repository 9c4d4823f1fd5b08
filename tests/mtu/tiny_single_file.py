"""diffusers' tensors under the names that Stable Diffusion's authors gave them.

The reverse of what diffusers converts, written from CompVis' and Stability's code: input_blocks,
middle_block, output_blocks; an autoencoder that counts `up` from the last; OpenCLIP's joint qkv.
"""

import json
import re

import torch

RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
OPEN_CLIP = {
    "embeddings.token_embedding.": "token_embedding.", "final_layer_norm.": "ln_final.",
    "encoder.layers.": "transformer.resblocks.", "self_attn.": "attn.", "layer_norm": "ln_",
    "fc1.": "c_fc.", "fc2.": "c_proj.",
}  # fmt: skip


def single_file(parts: dict) -> dict[str, torch.Tensor]:
    """The state dict of one checkpoint with the modules in `parts`, by component name."""
    state = {f"model.diffusion_model.{name}": tensor for name, tensor in unet(parts["unet"])}
    state |= {f"first_stage_model.{name}": tensor for name, tensor in vae(parts["vae"])}
    encoder = parts["text_encoder"]
    if "text_encoder_2" in parts:
        state |= clip(encoder, "conditioner.embedders.0.")
        state |= open_clip(parts["text_encoder_2"], "conditioner.embedders.1.model.")
    elif encoder.config.hidden_act == "gelu":
        state |= open_clip(encoder, "cond_stage_model.model.")
    else:
        state |= clip(encoder, "cond_stage_model.")
    return {name: tensor.contiguous() for name, tensor in state.items()}


def unet(module):
    """(name, tensor) of a UNet under CompVis' names."""
    per_block = module.config.layers_per_block + 1
    for name, tensor in module.state_dict().items():
        end, _, kind = name.rpartition(".")
        if end in UNET_ENDS:
            yield f"{UNET_ENDS[end]}.{kind}", tensor
            continue
        place, rest = re.match(r"((?:down_blocks\.\d+|mid_block|up_blocks\.\d+)\.\w+\.\d+)\.(.*)",
                               name).groups()  # fmt: skip
        block, what, layer = place.rsplit(".", 2)
        index = int(block.split(".")[1]) if "." in block else 0
        if what == "resnets":
            first, _, last = rest.partition(".")
            rest = f"{RESNET[first]}.{last}"
        slot = 0 if what == "resnets" else 1
        if block == "mid_block":
            yield f"middle_block.{1 if slot else 2 * int(layer)}.{rest}", tensor
        elif what == "downsamplers":
            yield f"input_blocks.{(index + 1) * per_block}.0.op.{kind}", tensor
        elif what == "upsamplers":
            slot = 2 if "Attn" in module.config.up_block_types[index] else 1
            yield f"output_blocks.{(index + 1) * per_block - 1}.{slot}.conv.{kind}", tensor
        else:
            side, start = ("output", 0) if block.startswith("up") else ("input", 1)
            yield f"{side}_blocks.{start + index * per_block + int(layer)}.{slot}.{rest}", tensor


def vae(module):
    """(name, tensor) of an autoencoder under CompVis' names."""
    last = len(module.config.block_out_channels) - 1
    for name, tensor in module.state_dict().items():
        name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{last - int(found[1])}", name)
        for old, new in (
            ("mid_block.resnets.0", "mid.block_1"), ("mid_block.resnets.1", "mid.block_2"),
            ("mid_block.attentions.0", "mid.attn_1"), ("down_blocks.", "down."),
            ("resnets.", "block."), ("samplers.0", "sample"), ("conv_shortcut", "nin_shortcut"),
            ("conv_norm_out", "norm_out"), ("group_norm", "norm"), ("to_out.0", "proj_out"),
            ("to_", ""),
        ):  # fmt: skip
            name = name.replace(old, new)
        is_projection = "attn_1" in name and name.endswith("weight") and "norm" not in name
        yield name, tensor[:, :, None, None] if is_projection else tensor


def clip(module, prefix: str) -> dict[str, torch.Tensor]:
    """transformers' own names, as they were when the first checkpoints were written."""
    ids = torch.arange(module.config.max_position_embeddings)[None]
    state = {f"{prefix}transformer.text_model.embeddings.position_ids": ids}
    for name, tensor in module.state_dict().items():
        state[f"{prefix}transformer.text_model.{name}"] = tensor
    return state


def open_clip(module, prefix: str) -> dict[str, torch.Tensor]:
    state, joint = {}, {}
    for name, tensor in module.state_dict().items():
        name = name.removeprefix("text_model.")
        for old, new in OPEN_CLIP.items():
            name = name.replace(old, new)
        if found := re.match(r"(.*)attn\.([qkv])_proj\.(weight|bias)", name):
            joint.setdefault(f"{found[1]}attn.in_proj_{found[3]}", {})[found[2]] = tensor
        elif name == "embeddings.position_embedding.weight":
            state["positional_embedding"] = tensor
        elif name == "text_projection.weight":
            state["text_projection"] = tensor.T
        else:
            state[name] = tensor
    state |= {name: torch.cat([qkv[k] for k in "qkv"]) for name, qkv in joint.items()}
    return {prefix + name: tensor for name, tensor in state.items()}


def configs_of(pipeline, pad_tokens: dict[str, str]) -> dict:
    """A pipeline's configurations, laid out as those in mtu/configs."""
    index = {name: value for name, value in pipeline.config.items() if not name.startswith("_")}
    index["_class_name"] = type(pipeline).__name__
    values = {"pad_tokens": pad_tokens, "model_index.json": index}
    for name, part in pipeline.components.items():
        if name.startswith("text_encoder"):
            values[name] = part.config.to_dict()
        elif part is not None and not name.startswith("tokenizer"):
            values[name] = dict(part.config)
    return json.loads(json.dumps(values))
