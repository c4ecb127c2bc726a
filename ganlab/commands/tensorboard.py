"""`ganlab tensorboard`: TensorBoard over all runs."""

import argparse
import subprocess
import sys
from pathlib import Path

from ganlab.errors import ConfigError

EXAMPLES = ("ganlab tensorboard", "ganlab tensorboard outputs/2026-11-22 --port 6007")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", nargs="?", default="outputs", help="of runs (outputs)")
    parser.add_argument("--port", default="6006", help="0 picks a free one (%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    if not Path(arguments.directory).is_dir():
        raise ConfigError(f"{arguments.directory}: no such directory; `ganlab train` makes runs")
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", arguments.directory]
    try:
        return subprocess.run([*command, "--port", arguments.port], check=False).returncode
    except KeyboardInterrupt:
        return 0
