"""Fixtures of the mtu tests."""

import pytest
from tiny_unets import SHAPES


@pytest.fixture(params=SHAPES)
def shape(request) -> str:
    return request.param
