"""`ganlab rm`: runs and whole sweeps, deleted after one question."""

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
    from ganlab.sweep.sweeps import Sweep

EXAMPLES = ("ganlab rm last", "ganlab rm 3f9a 81c2", "ganlab rm outputs/2026-11-22/* --yes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="a run or a sweep: a path, `last`, or a prefix of a name or id",
    )
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    add_output(parser)


def run(arguments: argparse.Namespace) -> None:
    from ganlab.sweep.sweeps import run_or_sweep

    named = [run_or_sweep(reference, arguments.output) for reference in arguments.runs]
    found = list({each.path.resolve(): each for each in named}.values())
    for each in found:
        refuse_other(each)
        refuse_busy(each)
    print("\n".join(map(line, found)))
    question = f"delete {'this' if len(found) == 1 else f'these {len(found)}'}?"
    if not (arguments.yes or agreed(question)):
        print("kept")
        return
    for each in found:
        refuse_busy(each)
        delete(each.path)


def owned(found: "Run | Sweep") -> list[Path]:
    """The directories of a sweep's runs."""
    from ganlab.runs import Run

    return [] if isinstance(found, Run) else [j.run.path for j in found.jobs if j.run.path.exists()]


def refuse_busy(found: "Run | Sweep") -> None:
    """Raise ConfigError while a process is at work on a run, a sweep or a job of it."""
    from ganlab import lock
    from ganlab.runs import Run
    from ganlab.sweep.sweeps import STARTING

    for place in (found.path, *owned(found)):
        lock.refuse_held(place)
    for job in [] if isinstance(found, Run) else found.jobs:
        if job.state() == STARTING:
            raise ConfigError(f"{found.path}: job {job.number + 1} is starting; stop it first")


def refuse_other(found: "Run | Sweep") -> None:
    """Raise ConfigError for a directory that is more or less than a run's or a sweep's own."""
    path = found.path
    if path.is_symlink():
        raise ConfigError(f"{path} is a link; name {path.resolve()}, or unlink it yourself")
    for other in path.glob("*/**/run.json"):
        if other.parent not in owned(found):
            raise ConfigError(f"{path} holds another run, {other.parent}; nothing is deleted")


def line(found: "Run | Sweep") -> str:
    """What stands to be deleted: path, status or jobs, and size."""
    from ganlab.runs import Run

    told = progress(found) if isinstance(found, Run) else found.told()
    return f"{found.path}  {told}, {size(found.path) / 1e6:.1f} MB"


def progress(run: "Run") -> str:
    """A run's status and last checkpoint."""
    status = run.told().get("status", "unreadable")
    numbers = [int(file.stem) for file in run.checkpoints.glob("*.pt") if file.stem.isdecimal()]
    reached = f"round {max(numbers)}" if numbers else "no checkpoint"
    return f"{status}, {reached}"


def size(path: Path) -> int:
    """Bytes of all files below a directory; links count as links."""
    found = (
        os.path.join(directory, name) for directory, _, names in os.walk(path) for name in names
    )
    return sum(os.lstat(file).st_size for file in found)


def delete(path: Path) -> None:
    """Delete a run or sweep, and a date's directory that it leaves empty. Raises OutputError.

    The file that says what it is goes last: what a failure leaves can be deleted again.
    """
    path = path.resolve()
    try:
        for entry in path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in {"run.json", "sweep.json"}:
                entry.unlink()
        shutil.rmtree(path)
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be deleted ({error.strerror})") from error
    if re.fullmatch(r"\d{4}-\d\d-\d\d", path.parent.name):
        with contextlib.suppress(OSError):  # it is not empty
            path.parent.rmdir()
