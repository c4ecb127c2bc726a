"""What several words name together: runs, and jobs of sweeps that have no run."""

import glob
import logging
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ganlab import runs
from ganlab.errors import ConfigError
from ganlab.runs import Run
from ganlab.sweep import sweeps
from ganlab.sweep.sweeps import Job, Sweep

log = logging.getLogger("ganlab")
Subject = Run | Job
"""A run, or a job of a sweep that never had one."""


def subjects(words: Sequence[str], output: str) -> list[Subject]:
    """All that the words name, each once, in their order; without words all below `output`.

    A word is a run or a sweep as verbs take one, `last:4` for the four that were started most
    recently, a directory for everything below it, or a pattern of paths such as `outputs/*`.
    Raises ConfigError for a word that names nothing.
    """
    found: dict[Path, Subject] = {}
    for word in words or [output]:
        for subject in named(word, output):
            found.setdefault(path(subject).resolve(), subject)
    return list(found.values())


def path(subject: Subject) -> Path:
    """The run's directory, or where it would be."""
    return subject.path if isinstance(subject, Run) else subject.run.path


def named(word: str, output: str) -> list[Subject]:
    """What one word names. Raises ConfigError where that is nothing."""
    if newest := re.fullmatch(r"last:(\d{1,9})", word):
        return newest_runs(int(newest[1]), output)
    if os.path.isfile(os.path.join(word, "run.json")):
        return [Run(Path(word))]
    if os.path.isdir(word):
        return some(below(word), f"{word}: no runs below it; `ganlab train` makes them")
    if glob.has_magic(word):
        matching = [each for place in sorted(glob.glob(word)) for each in within(place)]
        return some(matching, f"{word}: nothing of that pattern is a run or holds one")
    if word == "last" or not (sweep := sweeps.find(word, output)):
        return [runs.find(word, output)]
    return below(str(sweep.path))


def newest_runs(count: int, output: str) -> list[Subject]:
    """The runs that were started last, the oldest of them first. Raises ConfigError for none."""
    found = runs.everything(output)
    if not count:
        raise ConfigError("last:0 names no run; last:4 names four")
    missing = f"last:{count}: no runs below output={output}; `ganlab train` makes the first"
    return some(list(found[-count:]), missing)


def some(found: list[Subject], otherwise: str) -> list[Subject]:
    """What was found. Raises ConfigError for nothing."""
    if not found:
        raise ConfigError(otherwise)
    return found


def within(place: str) -> list[Subject]:
    """The run that a directory is, or those below it."""
    return [Run(Path(place))] if os.path.isfile(os.path.join(place, "run.json")) else below(place)


def below(directory: str) -> list[Subject]:
    """Every run below a directory as it was started, then the jobs that have none."""
    idle = (job for sweep in sweeps.everything(directory) for job in without_run(sweep))
    return [*runs.everything(directory), *idle]


def without_run(sweep: Sweep) -> Iterator[Job]:
    """The jobs that have no run, as yet or for ever."""
    try:
        yield from (job for job in sweep.jobs if not (job.run.path / "run.json").exists())
    except ConfigError as error:
        log.warning(str(error))
