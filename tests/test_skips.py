"""A test that is skipped proves nothing, so CI takes it for a failure."""

from pathlib import Path

import pytest

TESTS = """
import pytest

def test_runs(): pass

def test_skips_inside(): pytest.skip("no browser")

@pytest.mark.skipif(True, reason="no font")
def test_skips_by_mark(): pass

@pytest.fixture
def glyphs(): pytest.skip("no glyphs")

def test_skips_by_fixture(glyphs): pass

@pytest.mark.xfail
def test_is_known_to_fail(): assert False
"""


@pytest.mark.parametrize(("ci", "outcome"), [
    ("true", {"passed": 1, "failed": 1, "errors": 2, "xfailed": 1}),
    ("", {"passed": 1, "skipped": 3, "xfailed": 1})])
def test_ci_skips_nothing(pytester, monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(TESTS)
    pytester.runpytest().assert_outcomes(**outcome)
