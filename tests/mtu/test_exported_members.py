"""`mtu.__all__` is the public surface: everything imported there, sorted, nothing else."""

import types

import mtu


def test_all_is_the_public_surface_and_sorted():
    public = {
        name
        for name, value in vars(mtu).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(mtu.__all__) == public
    # constants, classes, functions
    assert list(mtu.__all__) == sorted(
        mtu.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
