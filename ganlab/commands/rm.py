"""`ganlab rm`: runs, deleted after one question."""

import argparse
import contextlib
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ganlab.commands.arguments import add_output
from ganlab.commands.consent import agreed
from ganlab.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from ganlab.runs import Run

EXAMPLES = ("ganlab rm last", "ganlab rm 3f9a 81c2", "ganlab rm outputs/2026-11-22/* --yes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="a path, `last`, or a prefix of a name or id"
    )
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    add_output(parser)


def run(arguments: argparse.Namespace) -> None:
    from ganlab import lock, runs

    named = [runs.find(reference, arguments.output) for reference in arguments.runs]
    found = list({run.path.resolve(): run for run in named}.values())
    for run in found:
        refuse_other(run.path)
        lock.refuse_held(run.path)
    print("\n".join(map(line, found)))
    question = f"delete {'this run' if len(found) == 1 else f'these {len(found)} runs'}?"
    if not (arguments.yes or agreed(question)):
        print("kept")
        return
    for run in found:
        delete(run.path)


def refuse_other(path: Path) -> None:
    """Raise ConfigError for what is more or less than one run's own directory."""
    if path.is_symlink():
        raise ConfigError(f"{path} is a link; name {path.resolve()}, or unlink it yourself")
    for other in path.glob("*/**/run.json"):
        raise ConfigError(f"{path} holds another run, {other.parent}; nothing is deleted")


def line(run: "Run") -> str:
    """What a run is: path, status, last checkpoint and size."""
    status = run.told().get("status", "unreadable")
    numbers = [int(file.stem) for file in run.checkpoints.glob("*.pt") if file.stem.isdecimal()]
    reached = f"round {max(numbers)}" if numbers else "no checkpoint"
    return f"{run.path}  {status}, {reached}, {size(run.path) / 1e6:.1f} MB"


def size(path: Path) -> int:
    """Bytes of all files below a directory; links count as links."""
    found = (
        os.path.join(directory, name) for directory, _, names in os.walk(path) for name in names
    )
    return sum(os.lstat(file).st_size for file in found)


def delete(path: Path) -> None:
    """Delete a run and a date's directory that it leaves empty. Raises OutputError.

    `run.json` goes last, so that what a failure leaves can be deleted as a run again.
    """
    from ganlab import lock

    lock.refuse_held(path)
    path = path.resolve()
    try:
        for entry in path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != "run.json":
                entry.unlink()
        shutil.rmtree(path)
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be deleted ({error.strerror})") from error
    if re.fullmatch(r"\d{4}-\d\d-\d\d", path.parent.name):
        with contextlib.suppress(OSError):  # it is not empty
            path.parent.rmdir()
