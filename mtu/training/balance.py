"""Weights of the tasks' losses, where tasks pull at the shared weights unequally hard."""

BALANCES = ("none", "running_mean")
MEMORY = 0.99  # of the running mean, per step


class Balance:
    """"none": the plain sum of METHOD §1.6. "running_mean": each loss divided by the exponential
    running mean of its own past (Lakkapragada et al. 2022, arXiv 2211.12999), the weights scaled
    to an average of 1 so that the learning rate keeps its meaning. The first step weighs all alike.
    """

    def __init__(self, kind: str = "none"):
        self.kind = kind
        self.means: dict[str, float] = {}

    def weights(self, names) -> dict[str, float]:
        """The factor of each loss in the step that comes next."""
        names = list(names)
        if self.kind == "none" or not all(self.means.get(name) for name in names):
            return dict.fromkeys(names, 1.0)
        inverse = {name: 1.0 / self.means[name] for name in names}
        scale = len(names) / sum(inverse.values())
        return {name: scale * value for name, value in inverse.items()}

    def update(self, losses: dict[str, float]) -> None:
        """Take in the unweighted losses of a step."""
        if self.kind == "running_mean":
            for name, value in losses.items():
                before = self.means.get(name, value)
                self.means[name] = MEMORY * before + (1 - MEMORY) * value
