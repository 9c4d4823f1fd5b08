"""What the app holds in memory, read from the running program."""

import json
import sys

import pytest
from tiny_app import pipeline

from app.footprint import main, peak

linux = pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")


@linux
def test_every_task_runs_in_the_real_app_and_the_peak_only_grows(tmp_path, capsys):
    pipeline(1).save_pretrained(tmp_path)
    assert main(["--largest", "128", "--", "--model", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    peaks = report["peak in MiB after"]
    assert [name.split(",")[0] for name in peaks] == ["ready", "draw", "edit", "erase",
                                                      "enlarge ×4"]
    assert list(peaks.values()) == sorted(peaks.values())
    assert report["peak in MiB"] == max(peaks.values()) > 100


@linux
def test_this_process_too():
    assert peak("self") > 50


@pytest.mark.parametrize(("arguments", "says"), [
    (["--", "--model", "/nowhere"], "/nowhere"), (["--", "--port", "x"], "port"),
    (["--largest", "0"], "at least 1"),
])
def test_what_cannot_be_is_one_line(arguments, says, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_a_process_that_is_not_there():
    with pytest.raises(ValueError, match="does not say"):
        peak(0)
