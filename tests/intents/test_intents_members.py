"""`__all__` is the public surface of intents."""

import intents


def test_all_is_sorted_and_complete():
    assert intents.__all__ == sorted(intents.__all__, key=str.lower)
    for name in intents.__all__:
        assert getattr(intents, name) is not None
    public = {
        name
        for name, value in vars(intents).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("intents")
    }
    assert public <= set(intents.__all__)
