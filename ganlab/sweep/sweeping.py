"""A sweep from its words to its table: planned, checked, played, taken up again."""

import logging
import shlex
from collections.abc import Sequence

from ganlab import interrupts, lock
from ganlab.columns import counted
from ganlab.compose import compose
from ganlab.errors import ConfigError
from ganlab.runs import refuse_unwritable
from ganlab.sweep import launching, sweeps
from ganlab.sweep.outcomes import closing, line
from ganlab.sweep.sweeps import FINAL, Job, Sweep
from ganlab.sweep.variations import Variation, parted, variations

log = logging.getLogger("ganlab")


def planned(words: Sequence[str], config_dir: str | None) -> list[Variation]:
    """The jobs that the words ask for, each known to be possible."""
    rest, launcher, jobs = parted(words)
    slots(launcher, jobs)
    if launcher:
        launching.refuse_launcher(launcher)
    return variations(rest, config_dir)


def begin(words: Sequence[str], config_dir: str | None) -> int:
    """Make a sweep's directory and play its jobs; the exit code. Raises ConfigError before."""
    found = planned(words, config_dir)
    _, launcher, jobs = parted(words)
    config = compose(found[0].words, config_dir).config
    refuse_unwritable(config.output)
    always = ["--config-dir", config_dir] if config_dir else []
    name = None if "name" in found[0].varied else config.name
    sweep = sweeps.create(
        config.output,
        name,
        "sweep",
        command=shlex.join(["ganlab", "train", "-m", *words, *always]),
        launcher=launcher,
        slots=slots(launcher, jobs),
        more=always,
        jobs=[sweeps.planned(n, len(found), v.words, v.varied) for n, v in enumerate(found)],
    )
    return play(sweep, sweep.jobs)


def resume(sweep: Sweep, words: Sequence[str], config_dir: str | None) -> int:
    """Play the jobs that are not done, and with settings among the words all jobs, with them."""
    rest, launcher, jobs = parted(words)
    facts = sweep.facts()
    launcher = launcher or ([] if jobs else facts.get("launcher", []))
    wish = slots(launcher, jobs or str(facts.get("slots", 1)))
    more = [*facts.get("more", []), *rest]
    if config_dir:
        more += ["--config-dir", config_dir]
    sweep.note(launcher=launcher, slots=wish, more=more)
    taken_up = Sweep(sweep.path)
    return play(taken_up, [job for job in taken_up.jobs if rest or job.state() not in FINAL])


def play(sweep: Sweep, jobs: list[Job]) -> int:
    """Attempt jobs of a sweep; 1 where any of the sweep's is not done, else 0."""
    with lock.held(sweep.path):
        log.info(f"sweep    {sweep.path}")
        try:
            attempt(sweep, jobs)
        finally:
            log.info(closing(sweep))
    return int(any(job.state() != "done" for job in sweep.jobs))


def attempt(sweep: Sweep, jobs: list[Job]) -> None:
    """Have jobs of a sweep played, as it says how; SIGTERM ends them as Ctrl-C does."""
    facts = sweep.facts()
    launcher, at_once = facts["launcher"], facts["slots"]
    by = f"by {launcher[0]}" if launcher else f"{at_once} at a time"
    done = len(sweep.jobs) - len(jobs)
    before = f", {done} of them ended before" if done else ""
    log.info(f"plays    {counted(len(sweep.jobs), 'job')}, {by}{before}")
    with interrupts.heeding_sigterm():
        if launcher:
            launching.launch(sweep, jobs, launcher)
        else:
            launching.play(jobs, at_once, lambda job: log.info(line(job, len(sweep.jobs))))


def slots(launcher: Sequence[str], jobs: str | None) -> int:
    """How many jobs are played at a time. Raises ConfigError for what is no number of them."""
    if jobs is None:
        return 1
    if launcher and jobs != "1":
        raise ConfigError(f"jobs={jobs} and {launcher[0]}: one of them says how jobs are played")
    if not jobs.isdecimal() or not int(jobs):
        raise ConfigError(f"jobs={jobs}: write how many jobs play at a time, such as jobs=2")
    return int(jobs)
