"""The mixture: every batch holds every task, shuffled by seed, resumed anywhere at once."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset

from mtu.data import DataError, Mixture, Playground, batch_pattern
from mtu.data.mixture import permute


class Numbers(Dataset):
    """A plain data set whose row says where it came from."""

    def __init__(self, task: str, size: int):
        self.task, self.size = task, size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        assert 0 <= index < self.size
        return self.task, index


def mixture(seed=0, **sizes):
    data = {task: Numbers(task, size) for task, size in sizes.items()}
    return Mixture(data, ["t2i", "t2i", "edit", "sr"], seed)


@given(size=st.integers(1, 400), key=st.binary(min_size=1, max_size=8))
def test_a_shuffle_meets_every_row_once(size, key):
    assert sorted(permute(index, size, key) for index in range(size)) == list(range(size))


def test_a_shuffle_looks_like_chance():
    size, meetings = 64, Counter()
    for key in range(400):
        meetings[permute(7, size, str(key).encode())] += 1
    assert len(meetings) > 60 and max(meetings.values()) < 20  # 6.25 each on average
    order = [permute(index, 1000, b"k") for index in range(1000)]
    steps = sum(abs(a - b) for a, b in zip(order, order[1:], strict=False)) / 999
    assert 280 < steps < 390  # a third of the size for independent places


def test_every_batch_holds_every_task_by_weight():
    mixed = mixture(t2i=50, edit=20, sr=7)
    for start in range(0, 400, 8):
        tasks = Counter(mixed[index][0] for index in range(start, start + 8))
        assert tasks == {"t2i": 4, "edit": 2, "sr": 2}


def test_a_data_set_is_read_through_before_it_is_read_again_and_in_another_order():
    mixed = mixture(t2i=10, edit=20, sr=7)
    rows = [mixed[4 * turn + 3] for turn in range(21)]
    rounds = [[index for _, index in rows[k : k + 7]] for k in (0, 7, 14)]
    assert all(sorted(one) == list(range(7)) for one in rounds)
    assert len({tuple(one) for one in rounds}) == 3


def test_rows_follow_from_the_seed_alone():
    first, second, other = (mixture(seed, t2i=50, edit=20, sr=7) for seed in (1, 1, 2))
    assert [first[i] for i in range(200)] == [second[i] for i in range(200)]
    assert [first[i] for i in range(200)] != [other[i] for i in range(200)]


def test_a_run_resumes_at_the_row_of_its_epoch_and_step():
    mixed = mixture(t2i=50, edit=20, sr=7)
    assert mixed.epoch_rows == 4 * 25  # 50 pictures at two a pattern
    seen = [mixed[i] for i in range(3 * mixed.epoch_rows)]
    start = mixed.index_of(epoch=2, step=3, batch_size=8)
    assert seen[start : start + 8] == [mixed[i] for i in range(start, start + 8)]
    assert start == 2 * 100 + 24
    far = mixed.index_of(epoch=10**6, step=0, batch_size=8)  # nothing is walked through
    assert mixed[far][0] == "t2i"


def test_an_endless_data_set_can_take_part():
    data = {"t2i": Playground(["t2i"], 3, side=64), "edit": Numbers("edit", 5)}
    row = Mixture(data, ["edit", "t2i"], 0)[1]
    assert row.task == "t2i" and row.target.shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("weights", "size", "counts"),
    [({"a": 1, "b": 1}, 4, {"a": 2, "b": 2}), ({"a": 3, "b": 1}, 8, {"a": 6, "b": 2}),
     ({"a": 100, "b": 1}, 5, {"a": 4, "b": 1})],
)
def test_a_pattern_keeps_to_the_weights(weights, size, counts):
    assert Counter(batch_pattern(weights, size)) == counts


@pytest.mark.parametrize(
    ("act", "said"),
    [(lambda: batch_pattern({"a": 1, "b": 1}, 1), "at least 2 rows"),
     (lambda: batch_pattern({"a": 0}, 4), "above zero"),
     (lambda: batch_pattern({}, 4), "above zero"),
     (lambda: Mixture({"a": Numbers("a", 3)}, ["a", "b"], 0), "b is only in one"),
     (lambda: Mixture({}, [], 0), "same tasks")],
)
def test_a_wrong_mixture_is_one_sentence(act, said):
    with pytest.raises(DataError, match=said):
        act()
