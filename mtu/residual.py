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
    """The change of `source` (B, C, h, w), encoded, in [-1, 1] where the space is pixels.

    share: how much of a predicted change is made in the end, from 0 to 1.
    """

    source: torch.Tensor
    gain: float
    share: float = 1.0

    def sample(self, picture: torch.Tensor) -> torch.Tensor:
        """The sample that stands for an encoded picture (B, C, h, w)."""
        return self.gain * (picture - self.source)

    def picture(self, sample: torch.Tensor) -> torch.Tensor:
        """The encoded picture that a sample stands for: the inverse of `sample`."""
        return self.source + sample / self.gain

    def made(self, sample: torch.Tensor) -> torch.Tensor:
        """The encoded picture with `share` of the change that a sample stands for."""
        return self.source + self.share * sample / self.gain

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


def check_shares(shares: dict, gains: dict[str, float]) -> dict[str, float]:
    """The shares as floats; ValueError for a task that learns no change, or one not in 0..1."""
    for task, share in shares.items():
        if task not in gains:
            raise ValueError(f"residual_share names {task!r}, which residual does not.")
        if not (isinstance(share, int | float) and 0 <= share <= 1):
            raise ValueError(f"residual_share[{task!r}] must lie between 0 and 1, not {share!r}.")
    return {task: float(share) for task, share in shares.items()}
