"""What holds for all tests: a process a core, each with one thread; in CI none is skipped."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported, here or in a program of a test
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A skip is a failure where CI=true: there a browser, the font and git must be at hand."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"CI skips nothing. {report.longrepr[2]}"
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file at a time to each process, and all browser tests to one: two browsers that draw in
    software at once leave a page too slow to be used."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/e2e" if nodeid.startswith("tests/e2e") else super()._split_scope(nodeid)

    return Scheduling(config, log)
