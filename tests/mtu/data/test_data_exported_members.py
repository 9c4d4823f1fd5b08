"""`mtu.data.__all__` is the public surface: everything imported there, sorted, nothing else."""

import types

import mtu.data


def test_all_is_the_public_surface_and_sorted():
    public = {
        name
        for name, value in vars(mtu.data).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(mtu.data.__all__) == public
    assert list(mtu.data.__all__) == sorted(
        mtu.data.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
