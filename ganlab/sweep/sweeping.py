"""A sweep from its words to its table: planned, checked, played, taken up again."""

import logging
import os
import shlex
from collections.abc import Sequence
from typing import Any

from ganlab import changes, interrupts, keys, lock
from ganlab.columns import counted
from ganlab.compose import compose
from ganlab.errors import ConfigError
from ganlab.runs import refuse_unwritable
from ganlab.sweep import launching, sweeps
from ganlab.sweep.outcomes import closing, tell
from ganlab.sweep.sweeps import FINAL, Job, Sweep
from ganlab.sweep.variations import Variation, parted, settled, variations

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
    every = [(settled(each.words, config.output), each.varied) for each in found]
    sweep = sweeps.create(
        config.output,
        None if "name" in found[0].varied else config.name,
        "sweep",
        command=shlex.join(["ganlab", "train", "-m", *words, *from_directory(config_dir)]),
        launcher=launcher,
        slots=slots(launcher, jobs),
        more=from_directory(config_dir),
        jobs=[sweeps.planned(n, len(every), *each) for n, each in enumerate(every)],
    )
    return play(sweep, is_anew=False)


def from_directory(config_dir: str | None) -> list[str]:
    """The words that name a directory of options, wherever they are said again."""
    return ["--config-dir", os.path.abspath(config_dir)] if config_dir else []


def resume(sweep: Sweep, words: Sequence[str], config_dir: str | None) -> int:
    """Play the jobs that are not done, and with settings among the words all jobs, with them.

    Raises ConfigError for settings that would make other runs of those that have begun.
    """
    rest, launcher, jobs = parted(words)
    facts = sweep.facts()
    launcher, at_once = players(facts, launcher, jobs)
    place = config_dir or keys.config_dir(facts.get("more", []))
    for job in sweep.jobs[:1]:
        compose([*job.words, *rest], place)
    refuse_other_runs(rest)
    said = {word.partition("=")[0]: word for word in [*facts.get("more", []), *rest] if "=" in word}
    more = [*said.values(), *from_directory(place)]
    return play(sweep, is_anew=bool(rest), launcher=launcher, slots=at_once, more=more)


def refuse_other_runs(words: Sequence[str]) -> None:
    """Raise ConfigError for settings that a run which has begun refuses."""
    if "resume.allow_changes=true" in words:
        return
    for word in words:
        if not changes.is_among(word.replace("=", ":", 1), changes.FREE + changes.ELSEWHERE):
            raise ConfigError(
                f"{word}: this would make other runs of those that have begun; "
                "resume.allow_changes=true resumes them all the same"
            )


def play(sweep: Sweep, is_anew: bool, **facts: Any) -> int:
    """Note facts and attempt the jobs of a sweep that are not done, or all of them anew.

    The exit code: 1 where any job of the sweep is not done or could not go on, else 0.
    """
    with lock.held(sweep.path):
        sweep.note(**facts)
        sweep = Sweep(sweep.path)
        log.info(f"sweep    {sweep.path}")
        try:
            codes = attempt(sweep, [j for j in sweep.jobs if is_anew or j.state() not in FINAL])
        finally:
            log.info(closing(sweep))
    return int(any(codes) or any(job.state() != "done" for job in sweep.jobs))


def attempt(sweep: Sweep, jobs: list[Job]) -> list[int]:
    """Have jobs of a sweep played, as it says how; their exit codes, as they ended.

    SIGTERM ends them as Ctrl-C does.
    """
    facts, codes = sweep.facts(), list[int]()

    def ended(job: Job, code: int) -> None:
        codes.append(code)
        tell(job, len(sweep.jobs), code)

    launcher, at_once = facts["launcher"], facts["slots"]
    by = f"by {launcher[0]}" if launcher else f"{at_once} at a time"
    done = len(sweep.jobs) - len(jobs)
    before = f", {done} of them ended before" if done else ""
    log.info(f"plays    {counted(len(sweep.jobs), 'job')}, {by}{before}")
    with interrupts.heeding_sigterm():
        if launcher:
            launching.launch(sweep, jobs, launcher, ended)
        else:
            launching.play(jobs, at_once, ended)
    return codes


def players(facts: dict[str, Any], launcher: list[str], jobs: str | None) -> tuple[list[str], int]:
    """Who plays on, by the words of a resume or else as before: the launcher, and how many at once.

    Raises ConfigError for a launcher that is not there, and for what is no number of jobs.
    """
    launcher = launcher or ([] if jobs else facts.get("launcher", []))
    if launcher:
        launching.refuse_launcher(launcher)
    return launcher, slots(launcher, jobs or (None if launcher else str(facts.get("slots", 1))))


def slots(launcher: Sequence[str], jobs: str | None) -> int:
    """How many jobs are played at a time. Raises ConfigError for what is no number of them."""
    if jobs is None:
        return 1
    if launcher and jobs != "1":
        raise ConfigError(f"jobs={jobs} and {launcher[0]}: one of them says how jobs are played")
    if not jobs.isdecimal() or not int(jobs):
        raise ConfigError(f"jobs={jobs}: write how many jobs play at a time, such as jobs=2")
    return int(jobs)
