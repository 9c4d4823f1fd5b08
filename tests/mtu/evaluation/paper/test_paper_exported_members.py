"""`mtu.evaluation.paper.__all__` is the public surface: all imported there, sorted, no more."""

import types

import mtu.evaluation.paper as paper


def test_all_is_the_public_surface_and_sorted():
    public = {
        name
        for name, value in vars(paper).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(paper.__all__) == public
    assert list(paper.__all__) == sorted(
        paper.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
