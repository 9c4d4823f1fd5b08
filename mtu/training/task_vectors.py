"""What an upcycled model had learned, moved to a base that has gone on learning.

The difference that training made to each tensor is added to the newly upcycled one's: task
arithmetic (Ilharco et al. 2023, "Editing models with task arithmetic"). It is a start, better than
none where the bases lie near each other, and training goes on from it.
"""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

from mtu.unet import MTUUNet2DConditionModel

from .recipe import RecipeError


@torch.no_grad()
def add_task_vectors(unet: MTUUNet2DConditionModel, model: Path, base: Path, seed: int) -> None:
    """Add to the trained tensors of `unet`, upcycled under torch.manual_seed(seed), what the
    model in the folder `model` had learned beyond its own base, in the folder `base`.

    New tensors, which a base has not, are taken as they were learned. RecipeError for models of
    other tasks or shapes.
    """
    learned = MTUUNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32)
    if learned.mtu_config != unet.mtu_config:
        raise RecipeError(f"The model in {model} was upcycled in another way than this recipe's.")
    old_base = UNet2DConditionModel.from_pretrained(base / "unet")
    torch.manual_seed(seed)  # the same fresh tensors as `unet` had: of those nothing is left over
    plain = MTUUNet2DConditionModel.from_unet(old_base, unet.mtu_config)
    before, after = dict(plain.named_parameters()), dict(learned.named_parameters())
    own = {name: tensor for name, tensor in unet.named_parameters() if tensor.requires_grad}
    if any(name not in after or after[name].shape != own[name].shape for name in own):
        raise RecipeError(f"The model in {model} is of another shape than this recipe's base.")
    for name, tensor in own.items():
        tensor.add_(after[name] - before[name])
