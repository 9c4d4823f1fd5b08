"""Samples as changes of the source: x0 = gain · (picture − source).

An image task's answer is mostly its source. If the sample is the difference, what stays is zero
and costs the UNet nothing, however narrow it is; an enlargement starts from the bicubic one
(ResShift, Yue et al. 2023, diffuses the same difference). The gain brings small differences, an
enlargement's, nearer to the noise's size. What is noised, trained and guided is this sample; only
the model's settings say for which tasks.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Residual:
    """The change of `source` (B, C, h, w), encoded, in [-1, 1] where the space is pixels."""

    source: torch.Tensor
    gain: float

    def sample(self, picture: torch.Tensor) -> torch.Tensor:
        """The sample that stands for an encoded picture (B, C, h, w)."""
        return self.gain * (picture - self.source)

    def picture(self, sample: torch.Tensor) -> torch.Tensor:
        """The encoded picture that a sample stands for: the inverse of `sample`."""
        return self.source + sample / self.gain

    def clip(self, sample: torch.Tensor) -> torch.Tensor:
        """The nearest sample whose picture lies in [-1, 1]."""
        return self.sample(self.picture(sample).clamp(-1.0, 1.0))


def check_gains(gains: dict, tasks) -> dict[str, float]:
    """The gains as floats; ValueError for a task without a source, or a gain not above 0."""
    for task, gain in gains.items():
        if task == "t2i" or task not in tasks:
            raise ValueError(f"residual names {task!r}, which has no source to change.")
        if not (isinstance(gain, int | float) and gain > 0):
            raise ValueError(f"residual[{task!r}] must be a number above 0, not {gain!r}.")
    return {task: float(gain) for task, gain in gains.items()}
