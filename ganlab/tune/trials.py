"""The trials of a search: asked for, played each in a process of its own, and told of."""

import contextlib
import logging
import math
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from optuna import Trial
from optuna.trial import FrozenTrial, TrialState

from ganlab import interrupts, lock
from ganlab.errors import ConfigError
from ganlab.files import locked
from ganlab.state import PRUNED
from ganlab.sweep import sweeps
from ganlab.sweep.attempts import begin, end
from ganlab.sweep.spaces import Choice, Interval, Space
from ganlab.sweep.sweeps import Job, Sweep, is_sweep
from ganlab.tune import journal
from ganlab.tune.searched import line

LOOKED_S = 0.2
CLAIMS = ".claims"
log = logging.getLogger("ganlab")


def work(path: Path) -> int:
    """Play trials of a search until all have an end; the exit code of a worker.

    Raises ConfigError for a directory that is none of a search.
    """
    if not is_sweep(path) or Sweep(path).facts()["kind"] != "tune":
        raise ConfigError(f"{path} is no search; `ganlab tune` begins one")
    search = Search(Sweep(path))
    try:
        with interrupts.heeding_sigterm():
            while search.open() and not interrupts.came():
                with search.claimed() as found:
                    if found:
                        search.play(*found)
                    else:
                        time.sleep(LOOKED_S)
    except KeyboardInterrupt:
        pass  # whoever sent it says so
    return interrupts.exit_code() if interrupts.came() else 0


class Search:
    """A search as each of its workers sees it."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.facts = sweep, sweep.facts()
        self.kept = journal.storage(sweep.path)
        self.study = journal.study(self.kept, self.facts)

    def trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    def open(self) -> list[int]:
        """The numbers of the trials without an end, and of the next one, if there is to be one."""
        known = self.trials()
        unfinished = [trial.number for trial in known if not trial.state.is_finished()]
        return unfinished + [len(known)] * (len(known) < self.facts["trials"])

    @contextlib.contextmanager
    def claimed(self) -> Iterator[tuple[Trial, Job] | None]:
        """Inside, the first trial that no other worker is at is this one's; None without such.

        A claim ends with its holder: the trial of a killed worker is the next that is claimed.
        """
        with contextlib.ExitStack() as held:
            with locked(self.sweep.path / ".asking"):
                number = next((n for n in self.open() if self.claim(n, held)), None)
                found = None if number is None else self.asked(number)
            yield found

    def claim(self, number: int, held: contextlib.ExitStack) -> bool:
        """Whether a trial is this worker's now; not if another has just given it an end."""
        place = self.sweep.path / CLAIMS
        place.mkdir(exist_ok=True)
        file = held.enter_context(open(place / str(number), "a"))  # noqa: SIM115
        return lock.acquire(file.fileno()) and number in self.open()

    def asked(self, number: int) -> tuple[Trial, Job]:
        """A trial with its job; what a killed worker had not yet asked or noted is made good."""
        self.study.sampler = journal.sampler(self.facts["search_seed"], number)
        is_new = number == len(self.trials())
        trial = self.study.ask() if is_new else journal.trial(self.kept, self.study, number)
        varied = {key: suggested(trial, key, told) for key, told in self.facts["spaces"].items()}
        jobs = self.sweep.facts()["jobs"]
        if number == len(jobs):
            words = [*self.facts["words"], *(f"{key}={value}" for key, value in varied.items())]
            job = sweeps.planned(number, self.facts["trials"], words, varied)
            self.sweep.note(jobs=[*jobs, job])
        return trial, Sweep(self.sweep.path).jobs[number]

    def play(self, trial: Trial, job: Job) -> None:
        """Attempt a trial's job, or what is left to do of it, and tell what became of it."""
        while (child := begin(job)) is None:  # that of a killed worker is still leaving
            time.sleep(LOOKED_S)
        try:
            is_pruned = self.follow(trial, job, child)
        except BaseException:
            end(child)
            raise
        self.tell(trial, job, is_pruned)
        told = self.trials()[trial.number].values or [math.nan]
        log.info(line(job, self.facts, told[0]))

    def follow(self, trial: Trial, job: Job, child: subprocess.Popen) -> bool:
        """Report on a job until its process has ended; whether it was pruned."""
        reported = set(self.trials()[trial.number].intermediate_values)
        while True:
            is_over = child.poll() is not None
            if self.is_bad(trial, job, reported) and not is_over:
                end(child)
                return True
            if is_over:
                return False
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(LOOKED_S)

    def is_bad(self, trial: Trial, job: Job, reported: set[int]) -> bool:
        """Report what is new of a job; whether it should go on no further."""
        for number, value in self.values(job).items():
            if number not in reported:
                reported.add(number)
                trial.report(value, number)
                if trial.should_prune() and number < self.facts["rounds"]:
                    return True
        return False

    def values(self, job: Job) -> dict[int, float]:
        """What a trial is worth after each round that was evaluated: the best of all up to it.

        NaN as long as nothing could be measured.
        """
        better = np.fmin if self.facts["goal"] == "min" else np.fmax
        best, found = math.nan, dict[int, float]()
        for entry in job.run.evaluations():
            if entry.round is not None and entry.round not in found:
                best = float(better(best, entry.metrics.get(self.facts["by"], math.nan)))
                found[entry.round] = best
        return found

    def tell(self, trial: Trial, job: Job, is_pruned: bool) -> None:
        """Give a trial its end.

        One that diverged has no value, but breaks a constraint, so that it counts as worse than
        any other; one that failed or was killed counts as nothing, since the reason may be another.
        """
        state, value = job.state(), next(reversed(self.values(job).values()), math.nan)
        if state == "done" and math.isfinite(value):
            self.study.tell(trial, value)
        elif state == "interrupted" and is_pruned:
            self.study.tell(trial, state=TrialState.PRUNED)
            job.run.note(status=PRUNED, stopped=f"pruned: {self.facts['by']} was {value:.4g}")
        elif state in {"done", "diverged"}:
            trial.set_constraint("diverged", 1.0)
            self.study.tell(trial, state=TrialState.PRUNED)
        else:
            self.study.tell(trial, state=TrialState.FAIL)


def space(told: dict) -> Space:
    """A space as `sweep.json` tells of it."""
    return Choice(**told) if "values" in told else Interval(**told)


def suggested(trial: Trial, key: str, told: dict) -> str:
    """The value that a trial has of a key, as a word has it."""
    found = space(told)
    if isinstance(found, Choice):
        return trial.suggest_categorical(key, found.values)
    if found.whole:
        low, high = int(found.low), int(found.high)
        return found.written(trial.suggest_int(key, low, high, log=found.log))
    return found.written(trial.suggest_float(key, found.low, found.high, log=found.log))
