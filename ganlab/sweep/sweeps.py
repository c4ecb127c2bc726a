"""The directory of a sweep: the jobs it has, runs below it, and what became of each."""

import json
import os
import secrets
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ganlab import interrupts, lock, runs
from ganlab.columns import counted
from ganlab.errors import ConfigError
from ganlab.files import write_atomically
from ganlab.runs import Run
from ganlab.state import state

FILE = "sweep.json"
WAITING, STARTING = "waiting", "starting"
ATTEMPT = "$ ganlab "
"""How the line begins after which an attempt at a job speaks."""
TELLING = ("ganlab:", "failed:", "diverged:")
"""How the line begins that says what went wrong."""
FINAL = {"done", "diverged"}
"""States of jobs that another attempt would end in again."""


@dataclass(frozen=True)
class Job:
    """One command of a sweep: `words` for `ganlab train`, of which `varied` are its own.

    `more` are words that all jobs of the sweep have. `log` is what it said; its lock is held as
    long as anyone is at work on the job.
    """

    number: int
    words: list[str]
    varied: dict[str, str]
    more: list[str]
    run: Run
    log: Path

    def state(self) -> str:
        """As its run's; `waiting` or `starting` before there is one, `failed` if none came."""
        if (self.run.path / "run.json").exists():
            return state(self.run)
        if not self.log.exists():
            return WAITING
        with open(self.log) as file:
            if not lock.acquire(file.fileno()):
                return STARTING
        return "interrupted" if self.reason() == interrupts.SAID else "failed"

    def reason(self) -> str:
        """The line of the log that says best why the job failed; nothing where there is none."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return ""
        begun = max((n for n, line in enumerate(lines) if line.startswith(ATTEMPT)), default=-1)
        said = [line for line in lines[begun + 1 :] if line.strip()]
        return next(iter([line for line in said if line.startswith(TELLING)][-1:] or said[-1:]), "")


@dataclass(frozen=True)
class Sweep:
    """A directory that holds `sweep.json`, and the runs of its jobs."""

    path: Path

    def facts(self) -> dict[str, Any]:
        """What `sweep.json` says. Raises ConfigError where it cannot be read."""
        try:
            found = json.loads((self.path / FILE).read_text())
            found["jobs"], found["command"], found["kind"]
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise ConfigError(f"{self.path / FILE} is damaged ({error!r})") from error
        return found

    def note(self, **facts: Any) -> None:
        """Add facts to `sweep.json`, in one step."""
        known = self.facts() if is_sweep(self.path) else {}
        write_atomically(self.path / FILE, json.dumps(known | facts, indent=2) + "\n")

    def told(self) -> str:
        """Such as `sweep of 4 jobs: 3 done, 1 failed`. Raises ConfigError where it is damaged."""
        states = Counter(job.state() for job in self.jobs)
        told = ", ".join(f"{number} {state}" for state, number in states.items())
        return f"{self.facts()['kind']} of {counted(len(self.jobs), 'job')}: {told or 'none yet'}"

    @cached_property
    def jobs(self) -> list[Job]:
        """Raises ConfigError where `sweep.json` is damaged."""
        facts = self.facts()
        try:
            return [
                self.job(n, facts.get("more", []), told) for n, told in enumerate(facts["jobs"])
            ]
        except (TypeError, LookupError) as error:
            raise ConfigError(f"{self.path / FILE} is damaged ({error!r})") from error

    def job(self, number: int, more: list[str], told: dict[str, Any]) -> Job:
        run, log = self.path / told["directory"], self.path / "logs" / f"{told['directory']}.log"
        return Job(number, list(told["words"]), dict(told["varied"]), more, Run(run), log)


def is_sweep(path: Path) -> bool:
    return os.path.isfile(path / FILE)  # also of what can be no path


def create(output: str, name: str | None, kind: str, **facts: Any) -> Sweep:
    """Make the directory of a new sweep. Raises OutputError where it cannot be written."""
    sweep = Sweep(runs.new_path(output, [name, kind]))
    with runs.making(sweep.path):
        sweep.note(kind=kind, started=runs.now(), **facts)
    return sweep


def planned(number: int, of: int, words: list[str], varied: dict[str, str]) -> dict[str, Any]:
    """What `sweep.json` tells of one job; its run's directory is named by what it varies."""
    first = str(number).zfill(len(str(of - 1)))
    brief = [
        value if value.isidentifier() else f"{key.rpartition('.')[2]}={value}"
        for key, value in varied.items()
    ]
    directory = runs.directory_name([first, *brief, secrets.token_hex(2)])
    return {"words": words, "varied": varied, "directory": directory}


def everything(output: str) -> list[Sweep]:
    """All sweeps below a directory, in the order of their paths."""
    found = []
    for directory, below, files in os.walk(output):
        if FILE in files or "run.json" in files:
            below.clear()
        if FILE in files:
            found.append(Sweep(Path(directory)))
    return sorted(found, key=lambda sweep: sweep.path)


def find(reference: str, output: str) -> Sweep | None:
    """The sweep that a path names, or whose name or id begins so; None for what is no sweep.

    Raises ConfigError where there are other sweeps or runs of which that is true.
    """
    if is_sweep(Path(reference)):
        return Sweep(Path(reference))
    if not reference or os.path.exists(reference):
        return None
    matching = [sweep for sweep in everything(output) if runs.matches(sweep.path, reference)]
    if not matching:
        return None
    alike = [run for run in runs.everything(output) if runs.matches(run.path, reference)]
    if len(matching) + len(alike) > 1:
        places = [sweep.path for sweep in matching] + [run.path for run in alike]
        shown = "\n  ".join(map(str, places[-10:]))
        raise ConfigError(f"{reference}: several sweeps and runs match\n  {shown}")
    return matching[0]


def run_or_sweep(reference: str, output: str) -> Run | Sweep:
    """What a verb's word names. Raises ConfigError for nothing."""
    return find(reference, output) or runs.find(reference, output)
