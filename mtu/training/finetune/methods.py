"""The method and its baselines: how each changes a UNet, and which of its tensors it trains.

All of them are an MTUUNet2DConditionModel, so that data, loss, sampling and export are the same;
all but "mtu" with one expert, whose gate is the constant 1 (METHOD §4.1). Every method also trains
its tasks' input convolutions: a condition image has no other way in.
"""

import copy
import re

import torch
from diffusers import UNet2DConditionModel
from torch import nn

from mtu.conditioning import ConditionLayout
from mtu.config import MTUConfig, condition_layout
from mtu.unet import MTUUNet2DConditionModel

from ..recipe import RecipeError
from .options import FinetuneOptions

# attn1 looks at the picture, attn2 at the text; ff is the layer that experts are made of
COMPONENT_NAMES = {"sa": ".attn1.", "ca": ".attn2.", "ffn": ".ff.net."}
LORA_TARGETS = r".*\.ff\.net\.(0\.proj|2)"  # "LoRA on FFN"
IA3_TARGETS = r".*\.(attn[12]\.to_[kv]|ff\.net\.2)"  # keys, values, hidden units
IA3_FEEDFORWARD = r".*\.ff\.net\.2"
ADAPTER = re.compile(r"\.(lora_|ia3_)")


def upcycled(
    unet: UNet2DConditionModel, options: FinetuneOptions, tasks: list[str]
) -> MTUUNet2DConditionModel:
    """`unet` with the tasks' input convolutions and norms, and with what the method adds.

    Only what the method trains requires gradients. An upcycled `unet` is taken as it is. Raises
    RecipeError for a task or method that it cannot have.
    """
    if isinstance(unet, MTUUNet2DConditionModel):
        model = unet
        if options.method != "mtu" and model.mtu_config.num_experts > 1:
            raise RecipeError(f"The method {options.method} starts from a plain base, not from an "
                              "upcycled model.")
    else:
        model = MTUUNet2DConditionModel.from_unet(unet, _config(unet, options, tasks))
    strange = sorted(set(tasks) - set(model.task_names))
    if strange:
        raise RecipeError(f"The model has no task {strange[0]!r}.")
    if options.method in ("lora", "ia3"):
        _inject(model, options)
    else:
        _choose(model, options)
    for name, conv in model.conv_in.items():
        conv.requires_grad_(name in tasks)
    return model


def _config(unet, options: FinetuneOptions, tasks: list[str]) -> MTUConfig:
    layout = condition_layout(unet.config.in_channels)
    strange = sorted(set(tasks) - set(layout))
    if strange:
        raise RecipeError(f"task_weights names the unknown task {strange[0]!r}.")
    return MTUConfig(
        num_experts=options.num_experts if options.method == "mtu" else 1,
        tasks={task: layout[task] for task in layout if task in tasks}, init=options.init,
        task_embed_dim=options.task_embed_dim, router_hidden_dim=options.router_hidden_dim,
        trained=())


def _choose(model: MTUUNet2DConditionModel, options: FinetuneOptions) -> None:
    """Let the tensors of "mtu", "single_task" or "component" require gradients."""
    model.freeze_base()  # the method's own set, which includes routers only where they learn
    if options.method == "mtu":
        return
    for name, parameter in model.named_parameters():
        if options.method == "single_task":
            wanted = ".router." not in name and name != "task_embedding"
        else:
            wanted = COMPONENT_NAMES[options.component] in name
        parameter.requires_grad_(wanted)


def _inject(model: MTUUNet2DConditionModel, options: FinetuneOptions) -> None:
    """Adapters of peft in place of the layers they adapt: LoRA (Hu et al. 2021) on the
    feed-forward, (IA)³ (Liu et al. 2022) on the whole block."""
    try:
        from peft import IA3Config, LoraConfig, inject_adapter_in_model
    except ImportError:
        raise RecipeError(f"The method {options.method} needs peft, which is not installed: "
                          "pip install -r requirements-dev.txt.") from None
    if options.method == "lora":
        config = LoraConfig(r=options.rank, lora_alpha=options.alpha, target_modules=LORA_TARGETS)
    else:
        config = IA3Config(target_modules=IA3_TARGETS, feedforward_modules=IA3_FEEDFORWARD)
    inject_adapter_in_model(config, model)


@torch.no_grad()
def without_adapters(model: MTUUNet2DConditionModel) -> MTUUNet2DConditionModel:
    """The same model with adapters merged into the layers they adapt; itself if it has none.

    What is not adapted is shared with `model`, which stays as it is.
    """
    if not any(ADAPTER.search(name) for name, _ in model.named_parameters()):
        return model
    from peft.tuners.tuners_utils import BaseTunerLayer

    state = {name.replace(".base_layer.", "."): tensor
             for name, tensor in model.state_dict().items() if not ADAPTER.search(name)}
    for name, layer in model.named_modules():
        if isinstance(layer, BaseTunerLayer):
            merged = copy.deepcopy(layer)
            merged.merge()
            for key, tensor in merged.get_base_layer().state_dict().items():
                state[f"{name}.{key}"] = tensor
    with torch.device("meta"):
        plain = MTUUNet2DConditionModel.from_config(model.config)
    plain.load_state_dict(state, assign=True)
    plain.freeze_base()
    return plain.train(model.training)


def layouts(model: MTUUNet2DConditionModel) -> dict[str, ConditionLayout]:
    """Task -> what its condition is made of, for latents."""
    channels = model.config.out_channels
    return {task: ConditionLayout.of(width, channels, 1)
            for task, width in model.mtu_config.tasks.items()}


def lower_frozen(model: nn.Module, dtype: torch.dtype) -> None:
    """Hold the frozen matrices and convolutions in `dtype`; norms stay as they are, and what is
    trained stays in float32."""
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            if not any(parameter.requires_grad for parameter in module.parameters()):
                module.to(dtype)
