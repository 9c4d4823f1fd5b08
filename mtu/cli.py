"""What the command lines of this package share: bad input is one line and exit status 2."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


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


def read_json(path: Path) -> dict:
    """The JSON object in a file; ValueError in one sentence if there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path.parent} has no {path.name}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a JSON object")
    return content
