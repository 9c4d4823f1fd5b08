"""MTUUNet2DConditionModel: a diffusers UNet upcycled to several tasks (METHOD §1, §4)."""

import inspect
from collections.abc import Mapping, Sequence

import torch
from diffusers import UNet2DConditionModel
from diffusers.configuration_utils import register_to_config
from diffusers.models.attention import BasicTransformerBlock
from torch import nn

from .config import MTUConfig
from .experts import ExpertFeedForward
from .inputs import TaskConv
from .multitask import MultiTask, modules_of
from .norms import TaskLayerNorm
from .router import Router
from .rows import Rows


def _with_base_signature(init):
    """diffusers builds a model from the names in its __init__'s signature: give it the base's."""
    base = inspect.signature(UNet2DConditionModel.__init__)
    mtu = inspect.Parameter("mtu", inspect.Parameter.KEYWORD_ONLY, default=None)
    init.__signature__ = base.replace(parameters=[*base.parameters.values(), mtu])
    return init


class MTUUNet2DConditionModel(MultiTask, UNet2DConditionModel):
    """A UNet whose experts, norms and input convolutions depend on each row's task.

    Built from a text-to-image UNet by `from_unet`, or by `from_pretrained`. Its config is the
    base's with one more entry, `mtu` (`MTUConfig.to_dict`). Experts, routers, the task embedding,
    task norms and task input convolutions require gradients; everything else is frozen.
    """

    @register_to_config
    @_with_base_signature
    def __init__(self, *args, mtu: Mapping | None = None, **kwargs):
        if mtu is None:
            raise ValueError("the config has no 'mtu' entry: upcycle the UNet first (from_unet)")
        super().__init__(*args, **kwargs)
        self.mtu_config = MTUConfig.from_dict(mtu)
        self.rows = Rows()
        _swap(self, self.mtu_config, self.rows)
        self.freeze_base()

    @classmethod
    def from_unet(
        cls, unet: UNet2DConditionModel, config: MTUConfig | None = None
    ) -> "MTUUNet2DConditionModel":
        """Upcycle `unet`: frozen tensors are shared with it, trained ones are copies of its own.

        New tensors (routers, task embedding) are drawn from torch's global generator. Raises
        ValueError if no feed-forward can be upcycled, or num_experts does not divide a width.
        """
        config = config or MTUConfig()
        donor = _sharing(unet)
        _swap(donor, config, Rows())
        model = _shell(cls, unet, mtu=config.to_dict())
        model.load_state_dict(donor.state_dict(), assign=True)
        for module in modules_of(model, ExpertFeedForward):
            for parameter in module.net.parameters():
                parameter.data = parameter.data.clone()
        model.freeze_base()
        return model.train(unet.training)

    @classmethod
    def from_pretrained(cls, path, **kwargs):
        """As diffusers', but strict: ValueError if a tensor is missing, unknown or misshapen."""
        wants_info = kwargs.pop("output_loading_info", False)
        model, info = super().from_pretrained(path, output_loading_info=True, **kwargs)
        faults = [f"{what}: {names}" for what, names in info.items() if names]
        if faults:
            raise ValueError(f"weights in {path} do not fit the model; {'; '.join(faults)}")
        model.freeze_base()
        return (model, info) if wants_info else model

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor | float,
        encoder_hidden_states: torch.Tensor,
        *args,
        task: str | Sequence[str] | torch.Tensor,
        condition: torch.Tensor | None = None,
        **kwargs,
    ):
        """One pass over rows that may belong to different tasks, times and prompts.

        sample: (B, C, H, W). timestep: scalar or (B,). encoder_hidden_states: (B, L, D).
        task: a name for all rows, a name per row, or indices (B,), best on the CPU.
        condition: (B, C_cond, H, W); a row reads its task's first channels, text-to-image none.
        Everything else, and the output, is `UNet2DConditionModel.forward`'s.

        Raises ValueError for an unknown task, a wrong number of them, or a condition that is
        missing, too narrow or of another size.
        """
        tasks = self._task_indices(task, len(sample))
        self.rows.set(tasks, self.task_embedding)
        sample = self._with_condition(sample, condition, tasks)
        return super().forward(sample, timestep, encoder_hidden_states, *args, **kwargs)

    def fold(self, task: str) -> UNet2DConditionModel:
        """The plain UNet of one task: W2·diag(gate), its norms, its conv_in (METHOD §4.3).

        Every other tensor is shared with this model. It takes `torch.cat([sample, condition], 1)`
        with exactly the task's condition channels. ValueError for an unknown task.
        """
        (index,) = self._task_indices(task, 1)
        state = self.state_dict()
        for name, module in self.named_modules():
            if isinstance(module, (TaskLayerNorm, TaskConv)):
                for key in module.state_dict():
                    del state[f"{name}.{key}"]
            if isinstance(module, TaskLayerNorm):
                state[f"{name}.weight"] = module.weight[index].detach().clone()
                state[f"{name}.bias"] = module.bias[index].detach().clone()
            elif isinstance(module, ExpertFeedForward):
                if module.num_experts > 1:
                    gate = module.gates(self.task_embedding[index]).detach()
                    state[f"{name}.net.2.weight"] = module.net[2].weight.detach() * gate
                for key in module.router.state_dict():
                    del state[f"{name}.router.{key}"]
        conv = self.conv_in[self.task_names[index]]
        state |= {f"conv_in.{k}": v.clone() for k, v in conv.state_dict().items()}
        del state["task_embedding"]
        folded = _shell(UNet2DConditionModel, self, in_channels=conv.in_channels)
        folded.load_state_dict(state, assign=True)
        return folded.requires_grad_(False).train(self.training)

    @torch.no_grad()
    def unfold(self, task: str, unet: UNet2DConditionModel) -> None:
        """Take back `unet`, which was trained on from `fold(task)`; `fold(task)` then equals it.

        What is shared becomes `unet`'s for all tasks, its W2 with the task's gate divided out. The
        other tasks' norms and input convolutions move by as much as this task's did. The task
        embedding stays, and so do routers but the worn ones (`Router.worn`), which begin again: to
        divide by a gate that is all but closed would hand the other tasks the change many times
        over. ValueError for an unknown task, or a `unet` of another shape.
        """
        (index,) = self._task_indices(task, 1)
        state, folded = unet.state_dict(), self.fold(task).state_dict()
        misshapen = [name for name in state.keys() | folded.keys()
                     if name not in state or name not in folded
                     or state[name].shape != folded[name].shape]
        if misshapen:
            raise ValueError(f"the UNet is not of the folded one's shape: {min(misshapen)}")
        moved = {name: state[name].to(value) - value for name, value in folded.items()}
        own = self.state_dict()
        for name, module in self.named_modules():
            if isinstance(module, TaskLayerNorm):
                module.weight += moved.pop(f"{name}.weight")
                module.bias += moved.pop(f"{name}.bias")
            elif isinstance(module, TaskConv):
                weight, bias = moved.pop(f"{name}.weight"), moved.pop(f"{name}.bias")
                for conv in module.values():
                    channels = min(conv.in_channels, weight.shape[1])
                    conv.weight[:, :channels] += weight[:, :channels]
                    conv.bias += bias
            elif isinstance(module, ExpertFeedForward) and module.num_experts > 1:
                if module.router.worn(self.task_embedding):
                    module.router.reset_parameters()
                del moved[f"{name}.net.2.weight"]
                module.net[2].weight.copy_(state[f"{name}.net.2.weight"] / module.gates(
                    self.task_embedding[index]))
        for name, change in moved.items():
            own[name] += change

    def enable_gradient_checkpointing(self, gradient_checkpointing_func=None) -> None:
        """As diffusers', but blocks are recomputed with the tasks they ran with."""
        super().enable_gradient_checkpointing(gradient_checkpointing_func or self.rows.checkpoint)


def _swap(unet: UNet2DConditionModel, config: MTUConfig, rows: Rows) -> None:
    """Put the task-dependent layers in place of the base's; their values start as the base's."""
    blocks = modules_of(unet, BasicTransformerBlock)
    if not blocks:
        raise ValueError("this UNet has no transformer block with a feed-forward to upcycle")
    if unet.config.addition_embed_type == "image_hint":
        raise ValueError("a UNet with addition_embed_type='image_hint' has an image input already")
    like = {"device": unet.device, "dtype": unet.dtype}
    for block in blocks:
        router = Router(
            config.task_embed_dim, config.router_hidden_dim, config.num_experts, config.init
        )
        block.ff = ExpertFeedForward(block.ff, router.to(**like), config.num_experts, rows)
        block.norm3 = TaskLayerNorm(block.norm3, len(config.tasks), rows)
    unet.conv_in = TaskConv(unet.conv_in, config.tasks, rows)
    embedding = torch.randn(len(config.tasks), config.task_embed_dim)
    unet.task_embedding = nn.Parameter(embedding.to(**like))


def _shell(cls: type, unet: UNet2DConditionModel, **changes) -> UNet2DConditionModel:
    """A model of `unet`'s config with `changes`, and no weights of its own yet."""
    config = {k: v for k, v in unet.config.items() if not k.startswith("_") and k != "mtu"}
    with torch.device("meta"):
        return cls(**(config | changes))


def _sharing(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """A second UNet over the same tensors."""
    twin = _shell(UNet2DConditionModel, unet)
    twin.load_state_dict(unet.state_dict(), assign=True)
    return twin
