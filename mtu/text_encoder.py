"""A T5 encoder whose file holds its weights in a byte each."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import T5Config, T5EncoderModel
from transformers.utils import SAFE_WEIGHTS_NAME

from .packing import packed, unpacked

_TIED = "encoder.embed_tokens.weight"  # the same tensor as `shared.weight`


class PackedT5Encoder(T5EncoderModel):
    """transformers' T5EncoderModel, saved packed (packing.py) and loaded to float32 or `dtype`."""

    def save_pretrained(self, save_directory: str | Path, **kwargs) -> None:
        """config.json and one file of weights."""
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        self.config.architectures = [type(self).__name__]
        self.config.save_pretrained(folder)
        state = {name: value for name, value in self.state_dict().items() if name != _TIED}
        save_file(packed(state), folder / SAFE_WEIGHTS_NAME)

    @classmethod
    def from_pretrained(cls, folder: str | Path, output_loading_info: bool = False,
                        dtype: torch.dtype | None = None, **kwargs):
        """From a local folder; RuntimeError if the weights do not fit exactly."""
        model = cls(T5Config.from_pretrained(folder))
        state = unpacked(load_file(Path(folder) / SAFE_WEIGHTS_NAME))
        if "shared.weight" in state:
            state[_TIED] = state["shared.weight"]
        model.load_state_dict(state)
        model.to(dtype or torch.float32).eval()
        return (model, {}) if output_loading_info else model


def load_text_encoder(folder: str | Path) -> T5EncoderModel:
    """A T5 encoder in float32, packed or not, from a local folder."""
    named = T5Config.from_pretrained(folder).architectures or []
    kind = PackedT5Encoder if PackedT5Encoder.__name__ in named else T5EncoderModel
    return kind.from_pretrained(folder, dtype=torch.float32)
