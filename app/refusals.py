"""What a program that calls the server reads when it is refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import gradio as gr

Answer = TypeVar("Answer")


def in_words(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """The same function; its ValueError and RuntimeError reach the caller as their sentence."""

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Answer:
        try:
            return function(*args, **kwargs)
        except (ValueError, RuntimeError) as error:
            raise gr.Error(str(error), print_exception=False) from None

    return checked
