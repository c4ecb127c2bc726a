"""How the recipes of a study stand: what became of each run, from the study's directory alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganlab import evaluations
from ganlab.comparing.rows import row
from ganlab.errors import ConfigError
from ganlab.evaluations import Entry, Protocol
from ganlab.study.statistics import quantile
from ganlab.sweep.sweeps import FILE, Job, Sweep

SEARCH, REPEATS = "search", "repeats"
"""The stages of a study: configurations that are drawn, and the best of them with other seeds."""
FAILED = {"failed", "damaged", "killed"}
"""States of jobs that count as failed, though `ganlab resume` tries them again."""
ENDED = {"done", "diverged", *FAILED}
Losses = dict[str, float]
"""One loss of each recipe, by its name."""


@dataclass(frozen=True)
class Outcome:
    """A run that has ended: `done`, `failed` or `diverged`; what has no number has failed.

    `loss` is the best of its evaluations, turned so that the least is best, and infinite unless the
    run is done. `seconds` were trained.
    """

    job: Job
    state: str
    loss: float
    rounds: int
    seconds: float


@dataclass(frozen=True)
class Standing:
    """A recipe's runs that have ended: of the search, and of its best configuration's seeds."""

    recipe: str
    search: list[Outcome]
    repeats: list[Outcome]

    @property
    def best(self) -> Outcome | None:
        """The first of the best runs of the search; None where none is done."""
        done = [outcome for outcome in self.search if math.isfinite(outcome.loss)]
        return min(done, key=lambda outcome: outcome.loss, default=None)


@dataclass(frozen=True)
class Standings:
    """All recipes on one dataset, by `metric`; `sign` times its value is the loss."""

    dataset: str
    metric: str
    sign: int
    recipes: list[Standing]

    def one_best(self) -> Losses:
        """The loss of each recipe's one best run; infinite where none was done."""
        return {e.recipe: min(losses(e.search)) for e in self.recipes if e.search}

    def medians(self) -> Losses:
        """The median over seeds; infinite where there was nothing to repeat."""
        found = {e.recipe: quantile(losses(e.repeats), 0.5) for e in self.recipes if e.repeats}
        none = {e.recipe: math.inf for e in self.recipes if e.search and not e.best}
        return found | none


def losses(outcomes: Sequence[Outcome]) -> list[float]:
    return [outcome.loss for outcome in outcomes]


def standings(sweep: Sweep) -> list[Standings]:
    """How things stand on each dataset, so far.

    Raises ConfigError where `sweep.json` is damaged, and for runs that were judged differently.
    """
    facts = sweep.facts()
    try:
        stages = [told["stage"] for told in facts["jobs"]]
        jobs = list(zip(stages, sweep.jobs, strict=True))
        names = list(facts["study"]["recipes"])
        return [on(name, told, names, jobs) for name, told in facts["metrics"].items()]
    except (TypeError, LookupError, AttributeError) as error:
        raise ConfigError(f"{sweep.path / FILE} is damaged ({error!r})") from error


def on(
    dataset: str, metric: Mapping[str, Any], names: list[str], jobs: list[tuple[str, Job]]
) -> Standings:
    """How recipes stand on one dataset."""
    name, sign = metric["name"], metric["sign"]
    mine = [(stage, job) for stage, job in jobs if job.varied["dataset"] == dataset]
    entries = {job.number: judged(job, name) for _, job in mine}
    refuse_unlike([(str(job.run.path), e) for _, job in mine for e in entries[job.number]], name)

    ended = [
        (stage, job.varied["recipe"], found)
        for stage, job in mine
        if (found := outcome(job, sign, [entry.metrics[name] for entry in entries[job.number]]))
    ]
    return Standings(dataset, name, sign, [standing(recipe, ended) for recipe in names])


def standing(recipe: str, ended: Sequence[tuple[str, str, Outcome]]) -> Standing:
    """A recipe's among the runs that have ended, each with its stage and its recipe."""
    search, again = (
        [found for stage, name, found in ended if (stage, name) == (wanted, recipe)]
        for wanted in (SEARCH, REPEATS)
    )
    best = Standing(recipe, search, []).best
    return Standing(recipe, search, [each for each in again if best and alike(each.job, best.job)])


def alike(one: Job, other: Job) -> bool:
    """Whether two jobs are the same but for their seeds."""
    return seedless(one) == seedless(other)


def seedless(job: Job) -> list[str]:
    return [word for word in job.words if not word.startswith("seed=")]


def judged(job: Job, metric: str) -> list[Entry]:
    """The evaluations that have a metric's number."""
    return [entry for entry in job.run.evaluations() if metric in entry.metrics]


def refuse_unlike(found: Sequence[tuple[str, Entry]], metric: str) -> None:
    """Raise ConfigError where the numbers of runs cannot be compared."""
    protocols: dict[str, tuple[str, Protocol]] = {}
    for name, entry in found:
        protocol = evaluations.concerning(entry.protocol, entry.options[metric])
        protocols.setdefault(evaluations.stamp(protocol), (name, protocol))
    if protocols:
        evaluations.refuse_unlike(dict(protocols.values()))


def outcome(job: Job, sign: int, values: Sequence[float]) -> Outcome | None:
    """What became of a job whose metric had some values; None while it has not ended."""
    state = job.state()
    if state not in ENDED:
        return None
    told, finite = row(job), [sign * value for value in values if math.isfinite(value)]
    if state in FAILED or (state == "done" and not finite):
        state = "failed"
    loss = min(finite) if state == "done" else math.inf
    return Outcome(job, state, loss, told.round or 0, told.trained_s or 0.0)


def pending(sweep: Sweep) -> int:
    """How many jobs have not ended."""
    return sum(job.state() not in ENDED for job in sweep.jobs)
