"""A search from its words to its best trial: checked, played by workers, taken up again."""

import logging
import math
import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ganlab import interrupts, lock
from ganlab.columns import counted
from ganlab.errors import ConfigError
from ganlab.runs import refuse_unwritable
from ganlab.sweep import spaces, sweeps
from ganlab.sweep.attempts import child, end
from ganlab.sweep.launching import share
from ganlab.sweep.sweeping import from_directory
from ganlab.sweep.sweeps import Sweep
from ganlab.sweep.variations import settled
from ganlab.tune.searchable import (
    USUAL,
    begun_from,
    composed,
    monitored,
    numbers,
    parted,
    refuse_unsearchable,
    tell_unprunable,
)

OPTUNA = "5."
log = logging.getLogger("ganlab")


def demand_optuna() -> None:
    """Raise ConfigError where optuna is not installed, or too old."""
    try:
        from optuna import __version__ as found
    except ImportError as error:
        found = str(error)
    if not found.startswith(OPTUNA):
        raise ConfigError(
            f"a search needs optuna {OPTUNA} ({found}); install it with\n"
            "  pip install 'ganlab[tune]'"
        )


def begin(words: Sequence[str], config_dir: str | None) -> int:
    """Make a search's directory and play its trials; the exit code. Raises ConfigError before."""
    demand_optuna()
    own, rest = parted(words)
    wish = USUAL | numbers(own)
    fixed, searched = spaces.parted(rest, config_dir)
    refuse_unsearchable(searched)
    config = composed(fixed, searched, config_dir)
    refuse_unwritable(config.output)
    fixed, searched = settled(fixed, config.output), begun_from(searched, config.output)
    by, goal = monitored(config, own.get("by"))
    after = wish.setdefault("prune_after", math.ceil(config.rounds / wish["prune_factor"] ** 2))
    always = from_directory(config_dir)
    sweep = sweeps.create(
        config.output,
        config.name,
        "tune",
        command=shlex.join(["ganlab", "tune", *words, *always]),
        words=fixed,
        spaces={key: asdict(each) for key, each in searched.items()},
        by=by,
        goal=goal,
        rounds=config.rounds,
        more=always,
        jobs=[],
        **wish,
    )
    if after is not None:
        tell_unprunable(after, config.evaluate_every, config.rounds)
    return play(sweep)


def resume(sweep: Sweep, words: Sequence[str], config_dir: str | None) -> int:
    """Play the trials that are left, and more of them with `trials=`; the exit code."""
    demand_optuna()
    own, rest = parted(words)
    if fixed := [*rest, *(f"{key}={own[key]}" for key in own.keys() - {"trials", "jobs"})]:
        raise ConfigError(f"{fixed[0]}: of a search only trials= and jobs= may change on resume")
    changes = numbers(own)
    if config_dir:
        changes["more"] = from_directory(config_dir)
    return play(sweep, **changes)


def play(sweep: Sweep, **changes: Any) -> int:
    """Let workers play what is left of a search; 1 where nothing complete was found, else 0."""
    from ganlab.tune import journal
    from ganlab.tune.searched import closing, ended, is_fruitful

    with lock.held(sweep.path):
        sweep.note(**changes)
        facts = sweep.facts()
        study = journal.study(journal.storage(sweep.path), facts)
        before, keys = len(ended(study)), ", ".join(facts["spaces"])
        slots = min(facts["slots"], max(facts["trials"] - before, 0))
        log.info(
            f"search   {sweep.path}\nfor      the {facts['goal']} of {facts['by']} over {keys}\n"
            f"plays    {counted(facts['trials'], 'trial')}, {facts['slots']} at a time"
            + (f", {before} of them ended before" if before else "")
        )
        try:
            with interrupts.heeding_sigterm():
                wait_for([worker(sweep, slot, slots) for slot in range(slots)])
        finally:
            log.info(closing(sweep, study))
        return int(not is_fruitful(study, facts))


def worker(sweep: Sweep, slot: int, slots: int) -> subprocess.Popen:
    """Start one of several workers, which shares the machine with the others."""
    words = ["tune", "--worker", str(sweep.path)]
    if not log.isEnabledFor(logging.INFO):
        words.append("--quiet")
    return subprocess.Popen(
        [*child(), *words],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **share(slot, slots)},
        start_new_session=True,  # Ctrl-C reaches it once, from its search
    )


def wait_for(workers: list[subprocess.Popen]) -> None:
    """Wait until all workers have left; none that is killed is started again."""
    try:
        for each in workers:
            if each.wait() < 0:
                log.warning(f"worker {each.pid} was killed; what it played is left to the others")
    except BaseException:
        end(*workers)
        raise
