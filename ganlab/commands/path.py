"""`ganlab path`: where a run or a sweep is, for other programs to use."""

import argparse
import os
import sys

from ganlab.commands.arguments import add_run

EXAMPLES = ("ganlab path last", "ls $(ganlab path last)", "ganlab path 3f9a --output elsewhere")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)


def run(arguments: argparse.Namespace) -> None:
    from ganlab.sweep.sweeps import run_or_sweep

    path = run_or_sweep(arguments.run, arguments.output).path
    sys.stdout.buffer.write(os.fsencode(path) + b"\n")  # its very bytes, whatever the locale
