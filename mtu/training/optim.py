"""Optimisers: Muon for hidden matrices, AdamW for the rest, and the rate over time.

`torch.optim.Muon` takes matrices only. Convolutions are given to it flattened, as views that
share the weight's storage (K. Jordan, "Muon: an optimizer for hidden layers", 2024).
"""

import torch
from torch import nn

_ADAMW_NAMES = ("conv_in", "conv_out", "embed", "shared", "head", "relative_attention_bias",
                "time_emb_proj", "router", "norm")
# T5's position bias is added to logits and must get to several units before a head looks by
# position; at AdamW's steps, each about the rate, that takes thousands
_POSITION_BIAS, _POSITION_RATE = "relative_attention_bias", 30.0
_ROUTING = ("router", "task_embedding")


def _is_hidden_matrix(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim in (2, 4) and not any(word in name for word in _ADAMW_NAMES)


def _as_matrix(tensor: torch.Tensor) -> torch.Tensor:
    """(out, in, kh, kw) or (out, in) → (out, rest), a view for contiguous and channels-last."""
    if tensor.ndim == 2:
        return tensor
    if tensor.is_contiguous():
        return tensor.view(tensor.shape[0], -1)
    return tensor.permute(0, 2, 3, 1).reshape(tensor.shape[0], -1)


def has_bfloat16() -> bool:
    """True if the processor computes in bfloat16 itself; for one that does not, torch emulates it
    far more slowly than float32 runs."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("sve_bf16"))


class Muon(torch.optim.Muon):
    """torch's Muon, its Newton-Schulz iteration in float32 on processors without bfloat16."""

    @torch.no_grad()
    def step(self, closure=None):
        """One update, as torch's but for rounding. closure: as torch has it."""
        if self.param_groups[0]["params"][0].device.type != "cpu" or has_bfloat16():
            return super().step(closure)
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            parameters, grads, momenta = [], [], []
            self._init_group(group, parameters, grads, momenta)
            for parameter, grad, momentum in zip(parameters, grads, momenta, strict=True):
                momentum.lerp_(grad, 1 - group["momentum"])
                update = grad.lerp(momentum, group["momentum"]) if group["nesterov"] else momentum
                update = _orthogonal(update, group)
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                wide = max(1, parameter.shape[0] / parameter.shape[1]) ** 0.5
                parameter.add_(update, alpha=-group["lr"] * wide)
        return loss


def _orthogonal(update: torch.Tensor, group: dict) -> torch.Tensor:
    """The nearest matrix to `update` whose singular values are about 1, in its precision."""
    a, b, c = group["ns_coefficients"]
    tall = update.shape[0] > update.shape[1]
    x = update.T if tall else update
    x = x / x.norm().clamp(min=group["eps"])
    for _ in range(group["ns_steps"]):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Optimizers:
    """AdamW and Muon over the trainable parameters of a module, as one."""

    def __init__(self, module: nn.Module, recipe):
        named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        if not named:
            raise ValueError("There is nothing to train: no parameter requires a gradient.")
        self.parameters = [parameter for _, parameter in named]
        hidden = [p for n, p in named if recipe.muon_rate and _is_hidden_matrix(n, p)]
        chosen = {id(p) for p in hidden}
        biases = [p for n, p in named if _POSITION_BIAS in n]
        routing = [p for n, p in named
                   if recipe.router_rate and any(word in n for word in _ROUTING)]
        chosen |= {id(p) for p in biases + routing}
        rest = [p for p in self.parameters if id(p) not in chosen]
        self._hidden = [(p, nn.Parameter(_as_matrix(p.data), requires_grad=True)) for p in hidden]
        self.all: list[torch.optim.Optimizer] = []
        if rest:
            self.all.append(_adamw(rest, recipe))
        if hidden:
            self.all.append(Muon(
                [view for _, view in self._hidden], lr=recipe.muon_rate, momentum=0.95,
                nesterov=True, weight_decay=recipe.weight_decay))
        if biases:
            self.all.append(_adamw(biases, recipe))
            self.all[-1].param_groups[0]["lr"] *= _POSITION_RATE
        if routing:
            self.all.append(_adamw(routing, recipe))
            self.all[-1].param_groups[0]["lr"] = recipe.router_rate
        self._base_rates = [optimizer.param_groups[0]["lr"] for optimizer in self.all]

    def step(self, factor: float, scaler=None) -> None:
        """One update with every rate multiplied by `factor`; clears the gradients.

        scaler: a torch.amp.GradScaler that has unscaled the gradients and may skip the update.
        """
        for weight, view in self._hidden:
            view.grad = None if weight.grad is None else _as_matrix(weight.grad).contiguous()
        for optimizer, rate in zip(self.all, self._base_rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * factor
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
        for parameter in self.parameters:
            parameter.grad = None
        for _, view in self._hidden:
            view.grad = None

    def state_tensors(self) -> dict[str, torch.Tensor]:
        """The state as a flat dictionary of tensors, for safetensors."""
        flat = {}
        for k, optimizer in enumerate(self.all):
            for index, state in optimizer.state_dict()["state"].items():
                for key, value in state.items():
                    flat[f"{k}.{index}.{key}"] = torch.as_tensor(value).clone().contiguous()
        return flat

    def load_state_tensors(self, flat: dict[str, torch.Tensor]) -> None:
        """The inverse of `state_tensors`; raises KeyError if the optimisers differ."""
        states: list[dict] = [{} for _ in self.all]
        for name, value in flat.items():
            k, index, key = name.split(".", 2)
            states[int(k)].setdefault(int(index), {})[key] = value
        for optimizer, state in zip(self.all, states, strict=True):
            groups = optimizer.state_dict()["param_groups"]
            if not set(state) <= set(groups[0]["params"]):
                raise KeyError("The checkpoint's optimiser does not fit this model.")
            optimizer.load_state_dict({"state": state, "param_groups": groups})
            _lay_out(optimizer)


def _lay_out(optimizer: torch.optim.Optimizer) -> None:
    """Give each state its parameter's strides, which a file does not keep: fused AdamW goes
    through the memory of both side by side."""
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if torch.is_tensor(value) and value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _adamw(parameters: list[nn.Parameter], recipe) -> torch.optim.Optimizer:
    """AdamW, fused, or with 8-bit states (Dettmers et al. 2022, arXiv 2110.02861)."""
    chosen = {"lr": recipe.rate, "betas": recipe.betas, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, fused=True, **chosen)
    try:
        from bitsandbytes.optim import AdamW8bit
    except ImportError:
        raise ValueError("The optimizer adamw8bit needs bitsandbytes, which is not installed "
                         "here.") from None
    return AdamW8bit(parameters, **chosen)


def rate_factor(step: int, steps: int, warmup: int, decay: float) -> float:
    """Linear warm-up, a plateau, then a linear fall to zero over the last `decay` of the steps."""
    up = min(1.0, (step + 1) / max(warmup, 1))
    tail = max(int(steps * decay), 1)
    return up * min(1.0, (steps - step) / tail)
