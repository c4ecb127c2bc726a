"""Arguments that several verbs take."""

import argparse

from ganlab.runs import USUAL_OUTPUT


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a path, `last`, or a prefix of a name or id")
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", default=USUAL_OUTPUT, help=f"where runs are ({USUAL_OUTPUT})")


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config-dir", metavar="DIR", help="where options and modules of your own are"
    )
