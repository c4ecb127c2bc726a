"""A study from its plan to its report: every recipe searched, its best run again, all told."""

import contextlib
import dataclasses
import logging
import shlex
import time
from collections.abc import Iterator, Sequence

from ganlab import keys, lock
from ganlab.columns import aligned
from ganlab.compose import compose
from ganlab.errors import ConfigError
from ganlab.runs import refuse_unwritable
from ganlab.study import findings
from ganlab.study.standings import ENDED, REPEATS, SEARCH, seedless, standings
from ganlab.study.studies import Entrant, Study, changed, understood, wishes
from ganlab.sweep import sweeping, sweeps
from ganlab.sweep.sweeps import FINAL, Sweep
from ganlab.sweep.variations import Variation, parted

GROWS = ("runs", "seeds")
"""What of a study may change once it has begun."""
log = logging.getLogger("ganlab")


def planned(study: Study, config_dir: str | None) -> list[Variation]:
    """The runs of the search. Raises ConfigError for words and values that no run can have.

    Of every recipe on every dataset one is composed, and further ones for words that are new.
    """
    entrants, known = study.entrants(config_dir), set[str]()
    for entrant in entrants:
        for n, words in enumerate(entrant.extremes()):
            if n == 0 or not known.issuperset(words):
                compose(words, config_dir)
                known.update(words)
    return searches(study, entrants)


def searches(study: Study, entrants: Sequence[Entrant]) -> list[Variation]:
    """Each number of all entrants before the next, so that budgets are equal at any time."""
    return [entrant.drawn(number) for number in range(study.runs) for entrant in entrants]


def begin(study: Study, said: Sequence[str], config_dir: str | None) -> int:
    """Make a study's directory and play it; the exit code. Raises ConfigError before.

    `said` are the words of its command.
    """
    _, launcher, jobs = parted(said)
    slots = sweeping.slots(launcher, jobs)
    config = compose(planned(study, config_dir)[0].words, config_dir).config
    refuse_unwritable(config.output)
    always = sweeping.from_directory(config_dir)
    sweep = sweeps.create(
        config.output,
        config.name,
        "study",
        command=shlex.join(["ganlab", "study", *said, *always]),
        launcher=launcher,
        slots=slots,
        more=always,
        study=dataclasses.asdict(study),
        metrics=metrics(study, config_dir),
        jobs=[],
    )
    return play(sweep, study, config_dir)


def metrics(study: Study, config_dir: str | None) -> dict[str, dict]:
    """By what runs are compared on each dataset; every recipe is built once to see that it can be.

    Raises ConfigError for parts that cannot play together, and DataError for missing data.
    """
    from ganlab.build import build
    from ganlab.observers.progress import preparing

    found: dict[str, dict] = {}
    for entrant in study.entrants(config_dir):
        best = build(compose(entrant.drawn(0).words, config_dir).config, preparing()).best
        if best is None or not best.is_metric:
            raise ConfigError(
                f"{entrant.recipe} on {entrant.dataset}: by what are runs compared? say the metric "
                "among the words of the study, such as best.by: fid"
            )
        told = {"name": best.name, "sign": best.sign}
        if found.setdefault(entrant.dataset, told) != told:
            raise ConfigError(f"{entrant.dataset}: all recipes are compared by one best.by")
    return found


def resume(sweep: Sweep, words: Sequence[str], config_dir: str | None) -> int:
    """Play what is left, and what more runs or seeds add; the exit code."""
    rest, launcher, jobs = parted(words)
    wish = wishes(rest)
    if strange := [key for key in wish if key not in GROWS]:
        raise ConfigError(
            f"{strange[0]}: of a study that has begun, {', '.join(GROWS)} and jobs may change; "
            "`ganlab study` begins another"
        )
    facts = sweep.facts()
    if config_dir:
        sweep.note(more=sweeping.from_directory(config_dir))
    config_dir = config_dir or keys.config_dir(facts.get("more", []))
    study = changed(understood(facts.get("study")), wish)
    launcher, slots = sweeping.players(facts, launcher, jobs)
    sweep.note(launcher=launcher, slots=slots, study=dataclasses.asdict(study))
    return play(sweep, study, config_dir)


def play(sweep: Sweep, study: Study, config_dir: str | None) -> int:
    """Play both stages and report; 1 where a run failed or has not ended, else 0."""
    entrants = study.entrants(config_dir)
    with lock.held(sweep.path):
        log.info(f"study    {sweep.path}")
        try:
            with timed(sweep):
                if attempt(sweep, study, SEARCH, searches(study, entrants)):
                    attempt(sweep, study, REPEATS, [*repeats(sweep, study, entrants)])
            log.info(findings.report(Sweep(sweep.path)))
        finally:
            log.info(closing(sweep))
    return int(any(job.state() not in FINAL for job in Sweep(sweep.path).jobs))


@contextlib.contextmanager
def timed(sweep: Sweep) -> Iterator[None]:
    """Inside, time counts as spent on the study."""
    before, begun = sweep.facts().get("played_s", 0.0), time.monotonic()
    try:
        yield
    finally:
        sweep.note(played_s=before + time.monotonic() - begun)


def repeats(sweep: Sweep, study: Study, entrants: Sequence[Entrant]) -> Iterator[Variation]:
    """The best configuration of each entrant with every seed; none where no run was done."""
    best = {
        (on.dataset, each.recipe): seedless(each.best.job)
        for on in standings(Sweep(sweep.path))
        for each in on.recipes
        if each.best
    }
    for seed in study.seeds:
        for entrant in entrants:
            if words := best.get((entrant.dataset, entrant.recipe)):
                yield entrant.again(words, seed)


def attempt(sweep: Sweep, study: Study, stage: str, wanted: Sequence[Variation]) -> bool:
    """Have those runs of a stage played that are not done; whether all have ended then.

    New ones join the study's jobs.
    """
    told = sweep.facts()["jobs"]
    known = {(job["stage"], *job["words"]) for job in told}
    for new in wanted:
        if (stage, *new.words) not in known:
            job = sweeps.planned(len(told), study.total, new.words, new.varied)
            told.append({**job, "stage": stage})
    sweep.note(jobs=told)
    now, names = Sweep(sweep.path), {(stage, *each.words) for each in wanted}
    mine = [job for job in now.jobs if (told[job.number]["stage"], *job.words) in names]
    if left := [job for job in mine if job.state() not in FINAL]:
        sweeping.attempt(now, left)
    return all(job.state() in ENDED for job in mine)


def closing(sweep: Sweep) -> str:
    """Where everything is, and the next commands."""
    path, now = shlex.quote(str(sweep.path)), Sweep(sweep.path)
    verbs = ["study", "compare", "tensorboard"]
    if any(job.state() not in FINAL for job in now.jobs):
        verbs.insert(0, "resume")
    following = "\n         ".join(f"ganlab {verb} {path}" for verb in verbs)
    written = {"table": findings.PAGE, "picture": findings.PICTURE}
    there = {name: now.path / file for name, file in written.items() if (now.path / file).exists()}
    return "\n".join([aligned({"study  ": now.path, **there}), f"next     {following}"])
