"""What holds for all tests: in CI none is skipped."""

import os

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A skip is a failure where CI=true: there a browser, the font and git must be at hand."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"CI skips nothing. {report.longrepr[2]}"
    return report
