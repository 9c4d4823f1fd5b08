"""Several data sets as one endless sequence in which every batch holds every task.

Nothing is remembered between rows: row i follows from (seed, i), so that a run resumes at any
row at once.
"""

from hashlib import blake2b

from torch.utils.data import Dataset

from .faults import DataError, GuardedDataset
from .playground import LENGTH, Row

ROUNDS = 6


def permute(index: int, size: int, key: bytes) -> int:
    """Where `index` stands in the shuffle of range(size) that `key` names, in constant time.

    A Feistel network over the next even power of two, walked until the number falls within the
    size (Black and Rogaway 2002, "Ciphers with arbitrary finite domains", sections 3 and 5).
    """
    half = max((size - 1).bit_length() + 1, 2) // 2
    low = (1 << half) - 1
    while True:
        left, right = index >> half, index & low
        for turn in range(ROUNDS):
            word = blake2b(right.to_bytes(8, "big") + bytes([turn]), digest_size=8, key=key)
            left, right = right, left ^ (int.from_bytes(word.digest(), "big") & low)
        index = left << half | right
        if index < size:
            return index


def batch_pattern(weights: dict[str, float], size: int) -> list[str]:
    """The tasks of a batch of `size` rows by weight, every task at least once."""
    if not weights or min(weights.values()) <= 0:
        raise DataError("The weights of the tasks must be above zero.")
    if size < len(weights):
        raise DataError(f"A batch needs at least {len(weights)} rows: it holds every task.")
    total = sum(weights.values())
    counts = dict.fromkeys(weights, 1)
    for _ in range(size - len(weights)):  # each further row to the task that lacks most
        lacking = max(weights, key=lambda task: size * weights[task] / total - counts[task])
        counts[lacking] += 1
    return [task for task, count in counts.items() for _ in range(count)]


class Mixture(Dataset):
    """Rows of several data sets; row i has the task pattern[i % len(pattern)].

    datasets: one per task. pattern: task names, a task as often as its weight says; a batch whose
    size is a multiple of the pattern's length holds every task. Each data set is shuffled anew
    whenever it has been read through, by (seed, task, round).
    """

    def __init__(self, datasets: dict[str, Dataset], pattern: list[str], seed: int):
        odd = sorted(set(pattern) ^ set(datasets))
        if odd or not pattern:
            raise DataError("The pattern and the data sets must name the same tasks"
                            + (f"; {odd[0]} is only in one of them." if odd else "."))
        self.datasets, self.pattern, self.seed = datasets, list(pattern), seed
        self._counts = {task: self.pattern.count(task) for task in datasets}
        self._ranks = [self.pattern[:k].count(task) for k, task in enumerate(self.pattern)]

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Row:
        task, epoch, item = self.place(index)
        data = self.datasets[task]
        return data.draw(item, epoch) if isinstance(data, GuardedDataset) else data[item]

    def place(self, index: int) -> tuple[str, int, int]:
        """Row `index` as (task, how often that data set has been read through, its row there)."""
        turn, spot = divmod(index, len(self.pattern))
        task = self.pattern[spot]
        size = len(self.datasets[task])
        epoch, position = divmod(turn * self._counts[task] + self._ranks[spot], size)
        return task, epoch, permute(position, size, f"{self.seed} {task} {epoch}".encode())

    @property
    def epoch_rows(self) -> int:
        """Rows of one epoch: every data set is read through at least once, in whole patterns."""
        return len(self.pattern) * max(
            -(-len(data) // self._counts[task]) for task, data in self.datasets.items())

    def index_of(self, epoch: int, step: int, batch_size: int) -> int:
        """The first row of a step, to resume from: rows before it need not be read."""
        return epoch * self.epoch_rows + step * batch_size

    def report(self) -> dict[str, dict]:
        """What each real data set has skipped so far, by task."""
        return {task: data.report() for task, data in self.datasets.items()
                if isinstance(data, GuardedDataset)}
