"""Read every row of a data set before a run does.

    python -m mtu.data.check TASK [--data FOLDER_OR_HUB_ID] [--split S] [--limit N] [--refuse]

prints one JSON object: rows, what was skipped and why.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from mtu.cli import Parser, run

from .catalog import SOURCES, open_data


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; see the module's docstring."""
    parser = Parser(prog="mtu.data.check", description="Read every row of a data set.")
    parser.add_argument("task", choices=tuple(SOURCES))
    parser.add_argument("--data", help="a folder or a hub id; the paper's hub id by default")
    parser.add_argument("--split", default="train", help="train, validation or test")
    parser.add_argument("--limit", type=int, help="read only the first rows")
    parser.add_argument("--refuse", action="store_true", help="stop at the first fault")

    def action(args: argparse.Namespace) -> None:
        if args.limit is not None and args.limit < 1:
            raise ValueError("--limit must be 1 or more.")
        policy = "refuse" if args.refuse else "skip"
        data = open_data({args.task: args.data}, args.split, on_error=policy)[args.task]
        count = min(args.limit or len(data), len(data))
        for index in range(count):
            data[index]
        print(json.dumps({"data": data.name, "split": args.split, "rows": len(data),
                          "read": count, "skipped": data.report()}))

    return run(parser, action, argv)


if __name__ == "__main__":
    sys.exit(main())
