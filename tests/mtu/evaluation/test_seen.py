"""What the reader sees of a thing: printed by size, of scenes that no training saw."""

import json

import pytest

from mtu.evaluation.judges import _SEEN
from mtu.evaluation.seen import main, seen
from mtu.playground.vocabulary import SIZES

pytestmark = pytest.mark.usefixtures("glyphs")


def test_the_judges_divide_by_what_the_shipped_reader_sees(reader):
    found = seen(reader, 7, 90)
    assert list(found) == list(SIZES) == list(_SEEN)
    for size, part in found.items():
        assert part["n"] >= 10 and part["median"] == pytest.approx(_SEEN[size], abs=0.12)


def test_the_same_seed_gives_the_same_medians(reader):
    assert seen(reader, 3, 4) == seen(reader, 3, 4)


def test_the_command_prints_them(capsys):
    assert main(["--count", "3", "--seed", "5"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(SIZES)


@pytest.mark.parametrize(("arguments", "says"), [
    (["--count", "0"], "--count must be at least 1, not 0"),
    (["--seed", "-1"], "--seed must not be negative"),
    (["--reader", "/nowhere"], "There is no scene reader in /nowhere"),
    (["--atlas", "/nowhere.png"], "no atlas at /nowhere.png"),
])
def test_bad_input_is_one_line_and_status_2(capsys, arguments, says):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
