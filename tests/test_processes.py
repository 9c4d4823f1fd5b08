"""How the tests are shared out: a thread to each process, and all browser tests to one of them."""

from pathlib import Path

FILE = """
import os
from pathlib import Path

def test_it():
    assert os.environ["OMP_NUM_THREADS"] == "1"
    Path(f"{__name__}.process").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


def test_browser_tests_go_to_one_process_and_others_do_not(pytester, monkeypatch):
    for name in ("OMP_NUM_THREADS", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    for folder, letters in (("tests/e2e", "abcd"), ("tests/app", "efgh")):
        for letter in letters:
            file = pytester.path / folder / f"test_{letter}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(FILE, encoding="utf-8")
    run = pytester.runpytest_subprocess("-n2", "--dist", "loadfile")
    run.assert_outcomes(passed=8)
    processes = {letter: (pytester.path / f"test_{letter}.process").read_text(encoding="utf-8")
                 for letter in "abcdefgh"}
    assert len({processes[letter] for letter in "abcd"}) == 1
    assert len(set(processes.values())) == 2
