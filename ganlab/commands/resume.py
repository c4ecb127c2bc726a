"""`ganlab resume`: the run's own configuration, from its newest good checkpoint on."""

import argparse
import importlib
import logging
import shlex
from typing import TYPE_CHECKING

from ganlab.commands.arguments import TRUST, add_config_dir, add_run, without_trust
from ganlab.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from ganlab.build import Experiment
    from ganlab.runs import Run

EXAMPLES = (
    "ganlab resume last",
    "ganlab resume 3f9a rounds=20000",
    "ganlab resume 3f9a optimizer.lr=5e-5 resume.allow_changes=true",
    "ganlab resume outputs/2026-11-22/14-03-07-wgan_gp-mnist-3f9a",
)
RESUMES = {
    "sweep": "ganlab.sweep.sweeping",
    "tune": "ganlab.tune.tuning",
    "study": "ganlab.study.studying",
}
"""What resumes directories of several runs, by their kind."""
log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "words",
        nargs="*",
        metavar="KEY=VALUE",
        help="rounds, cadences, keep, progress and data paths may change freely; anything else "
        f"with resume.allow_changes=true. {TRUST}",
    )
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> int:
    from ganlab import runs
    from ganlab.sweep import sweeps

    words, trust = without_trust(arguments.words)
    if found := sweeps.find(arguments.run, arguments.output):
        if (kind := found.facts()["kind"]) not in RESUMES:
            raise ConfigError(f"{found.path} is a {kind}, which this version cannot resume")
        if trust:
            raise ConfigError("trust= is for one run: name a run of this sweep")
        resumes = importlib.import_module(RESUMES[kind])
        return resumes.resume(found, words, arguments.config_dir)
    run = runs.find(arguments.run, arguments.output)
    from ganlab import processes

    with processes.joined():
        return resume(run, words, arguments.config_dir, trust)


def resume(
    run: "Run", words: list[str], config_dir: str | None = None, trust: tuple[str, ...] = ()
) -> int:
    """Play the rounds that are left of a run; the exit code."""
    from ganlab import checkpoints, lock, processes
    from ganlab.attend import attend
    from ganlab.build import build
    from ganlab.changes import changed
    from ganlab.loaded import run_config

    if processes.leads():
        lock.refuse_held(run.path)
    refuse_unsaved(run)
    state = checkpoints.load(run.checkpoints, log.warning)
    wish = changed(run_config(run, state, config_dir, trust), words, run, config_dir)
    done, last = state["round"], wish.config.rounds
    if done >= last:
        already_done(run, done, last)
        return 0
    experiment = build(wish.config)
    grave = wish.grave + other_data(run, experiment)
    experiment.config.resume.allow_changes = False  # it was allowed this once
    experiment.restore(state)
    if processes.leads():
        run.note(choices=wish.choices, data=experiment.dataset.fingerprint)
        tell(run, grave, experiment)
    return attend(run, experiment, done, state["batches"])


def other_data(run: "Run", experiment: "Experiment") -> list[str]:
    """How the training data differ from those that the run began with, if that is allowed."""
    from ganlab.changes import refuse_grave
    from ganlab.differences import differences

    known = {"data": run.facts().get("data")}
    found = (
        differences(known, {"data": experiment.dataset.fingerprint}) if any(known.values()) else []
    )
    refuse_grave(found, experiment.config)
    return found


def refuse_unsaved(run: "Run") -> None:
    """Raise CheckpointError for a run that was stopped too early to go on."""
    if not any(run.checkpoints.glob("*.pt")):
        again = run.facts().get("command", "ganlab train ...")
        raise CheckpointError(
            f"{run.path} was stopped before its first checkpoint; start it again with\n  {again}"
        )


def already_done(run: "Run", done: int, last: int) -> None:
    """Say that there is nothing to do, and what would be."""
    if done == last and run.facts()["status"] != "done":  # it was stopped right after its last
        run.note(status="done")
    more = f"ganlab resume {shlex.quote(str(run.path))} rounds={2 * done}"
    log.info(f"{run.path} is already done: {done} rounds of {last}; go on with\n  {more}")


def tell(run: "Run", changes: list[str], experiment: "Experiment") -> None:
    """Say what became of the last session, and whether this one still computes the same bits."""
    from ganlab.differences import differences

    facts = run.facts()
    if facts["status"] == "running":
        before = f"pid {facts.get('pid')} on {facts.get('host')}"
        log.info(f"{before} was killed; its lock is taken over")
    differing = changes + differences(facts.get("runtime", {}), experiment.runtime.conditions())
    if differing:
        log.warning("this run is no longer exact:\n  " + "\n  ".join(differing))
        run.note(exact=False, changes=[*facts.get("changes", []), *differing])
