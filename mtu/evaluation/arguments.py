"""What the evaluation's command lines check alike."""

import argparse

from mtu.playground import atlas


def check_arguments(args: argparse.Namespace, least: int = 1) -> None:
    """ValueError in one sentence for fewer than `least` in args.count, a negative args.seed, or
    an atlas that is missing and cannot be made."""
    if args.count < least:
        raise ValueError(f"--count must be at least {least}, not {args.count}.")
    if args.seed < 0:
        raise ValueError(f"--seed must not be negative, not {args.seed}.")
    try:
        atlas.load(args.atlas)
    except atlas.MissingFontError as error:
        raise ValueError(str(error)) from None
