"""Weights kept in a byte each: matrices and convolutions with a scale for every output, the rest in
fp16 (Jacob et al. 2018, "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", eq. 1 with zero point 0). They are computed with in float32."""

from pathlib import Path

import torch
from diffusers import ModelMixin
from diffusers.utils import SAFETENSORS_WEIGHTS_NAME
from safetensors.torch import load_file, save_file

_SCALE = ".scale"  # of a matrix kept in bytes


def packed(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A module's state, at about a byte a weight."""
    small = {}
    for name, value in state.items():
        value = value.detach().float().cpu()
        if value.ndim < 2:
            small[name] = value.half()
            continue
        scale = (value.flatten(1).abs().amax(1) / 127).clamp(min=1e-8)
        scale = scale.view(-1, *(1,) * (value.ndim - 1))
        small[name] = (value / scale).round().to(torch.int8).contiguous()
        small[name + _SCALE] = scale
    return small


def unpacked(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The float32 state that was packed, or was saved as it is."""
    return {name: value.float() * state.get(name + _SCALE, 1.0)
            for name, value in state.items() if not name.endswith(_SCALE)}


class PackedModel(ModelMixin):
    """A model of diffusers whose files hold its weights packed if its config says `packed`."""

    def save_pretrained(self, save_directory: str | Path, **kwargs) -> None:
        """As ModelMixin has it; packed weights are one file."""
        if not self.config.packed:
            return super().save_pretrained(save_directory, **kwargs)
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        self.save_config(folder)
        save_file(packed(self.state_dict()), folder / SAFETENSORS_WEIGHTS_NAME)

    @classmethod
    def from_pretrained(cls, folder: str | Path, output_loading_info: bool = False, **kwargs):
        """As ModelMixin has it; packed weights fit exactly, or a RuntimeError says which do not."""
        settings = cls.load_config(folder)
        if not settings.get("packed"):
            return super().from_pretrained(folder, output_loading_info=output_loading_info,
                                           **kwargs)
        model = cls.from_config(settings)
        model.load_state_dict(unpacked(load_file(Path(folder) / SAFETENSORS_WEIGHTS_NAME)))
        torch.nn.Module.to(model, kwargs.get("torch_dtype") or torch.float32).eval()
        return (model, {}) if output_loading_info else model
