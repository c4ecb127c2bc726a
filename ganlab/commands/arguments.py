"""Arguments that several verbs take."""

import argparse
from collections.abc import Sequence

from ganlab.runs import USUAL_OUTPUT


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a path, `last`, or a prefix of a name or id")
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", default=USUAL_OUTPUT, help=f"where runs are ({USUAL_OUTPUT})")


TRUST = "trust=PACKAGE lets a run from elsewhere use that code."


def without_trust(words: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The words that are left, and whose code `trust=` names, separated by commas."""
    rest = [word for word in words if not word.startswith("trust=")]
    named = (word.removeprefix("trust=").strip("[]") for word in words if word not in rest)
    return rest, tuple(name.strip() for each in named for name in each.split(",") if name.strip())


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config-dir", metavar="DIR", help="where options and modules of your own are"
    )
