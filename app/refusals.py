"""What a program that calls the server reads when it is refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def in_words(function: Callable[..., Answer],
             refusal: Callable[[str], Exception]) -> Callable[..., Answer]:
    """The same function; its ValueError and RuntimeError reach the caller as their sentence, in
    the exception that `refusal` makes of it."""

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Answer:
        try:
            return function(*args, **kwargs)
        except (ValueError, RuntimeError) as error:
            raise refusal(str(error)) from None

    return checked
