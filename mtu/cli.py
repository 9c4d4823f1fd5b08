"""What the command lines of this package share: bad input is one line and exit status 2."""

import argparse
import sys
from collections.abc import Callable, Sequence


class Parser(argparse.ArgumentParser):
    """argparse without the usage text in front of an error."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def run(
    parser: argparse.ArgumentParser,
    action: Callable[[argparse.Namespace], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Parse `argv` and call `action`; a ValueError or OSError becomes one line, status 2."""
    args = parser.parse_args(argv)
    try:
        action(args)
    except (ValueError, OSError) as error:
        line = " ".join(str(error).split()) or type(error).__name__
        print(f"{parser.prog}: {line}", file=sys.stderr)
        return 2
    return 0
