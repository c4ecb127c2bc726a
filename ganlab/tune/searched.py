"""What a search has found, in words."""

import math
import shlex
from collections import Counter
from typing import Any

import optuna
from optuna.importance import get_param_importances
from optuna.trial import FrozenTrial, TrialState

from ganlab.state import PRUNED
from ganlab.sweep.outcomes import took, trouble
from ganlab.sweep.sweeps import Job, Sweep

SHOWN = 10
"""As many trials are in the table."""
ENOUGH = 10
"""Of fewer complete trials no importance can be told."""


def line(job: Job, facts: dict[str, Any], value: float) -> str:
    """One line on a trial that has ended, and the end of its log where that was not well."""
    varied = " ".join(f"{key}={value}" for key, value in job.varied.items())
    worth = "" if math.isnan(value) else f"{facts['by']}={value:.4g}  "
    told = f"trial {job.number + 1} of {facts['trials']}  {varied}  {worth}{job.state()}{took(job)}"
    well = job.state() in {"done", PRUNED}
    return told if well else "\n  ".join([told, *trouble(job)])


def closing(sweep: Sweep, study: optuna.Study) -> str:
    """The best trials, what mattered, where everything is, and the next commands."""
    facts, jobs = sweep.facts(), Sweep(sweep.path).jobs
    path = shlex.quote(str(sweep.path))
    ranked = sorted(ended(study), key=lambda trial: rank(trial, facts["goal"]))
    told = [tally(ranked, jobs, facts)]
    if ranked:
        told += [table(ranked[:SHOWN], jobs, facts), *importances(study)]
    commands = [f"compare {path} --sort {facts['by']}", f"tensorboard {path}"]
    more = f" trials={2 * facts['trials']}" if len(ranked) >= facts["trials"] else ""
    commands.append(f"resume {path}{more}")
    if ranked and ranked[0].state == TrialState.COMPLETE:
        best = jobs[ranked[0].number]
        told.append(f"best     {shlex.join(['ganlab', 'train', *best.words, *best.more])}")
        commands.insert(0, f"sample {shlex.quote(str(best.run.path))} n=64 seed=3")
    following = "\n         ".join(f"ganlab {command}" for command in commands)
    return "\n".join([*told, f"search   {sweep.path}", f"next     {following}"])


def ended(study: optuna.Study) -> list[FrozenTrial]:
    return [t for t in study.get_trials(deepcopy=False) if t.state.is_finished()]


def is_fruitful(study: optuna.Study, facts: dict[str, Any]) -> bool:
    """Whether all trials have an end, and at least one of them is complete."""
    found = ended(study)
    is_over = len(found) >= facts["trials"]
    return is_over and any(trial.state == TrialState.COMPLETE for trial in found)


def rank(trial: FrozenTrial, goal: str) -> tuple[bool, bool, float]:
    """The less the better: complete trials, then those that were pruned, then all others.

    Values of trials that were pruned are of fewer rounds.
    """
    is_lost = not trial.values or bool(trial.constraints)
    value = trial.values[0] if trial.values else 0.0
    return trial.state != TrialState.COMPLETE, is_lost, -value if goal == "max" else value


def tally(ranked: list[FrozenTrial], jobs: list[Job], facts: dict[str, Any]) -> str:
    """How many trials ended in which way."""
    states = Counter(jobs[trial.number].state() for trial in ranked)
    states["unfinished"] = len(jobs) - len(ranked)
    found = ", ".join(f"{count} {state}" for state, count in states.most_common() if count)
    return f"trials   {len(jobs)} of {facts['trials']}: {found or 'none was asked'}"


def table(ranked: list[FrozenTrial], jobs: list[Job], facts: dict[str, Any]) -> str:
    """Trials with their values, what was chosen for them, and how far they came."""
    rows = [["trial", facts["by"], *facts["spaces"], "round", "state"]]
    for trial in ranked:
        job = jobs[trial.number]
        value = f"{trial.values[0]:.4g}" if trial.values else "-"
        round = str(trial.last_step or "-")
        rows.append([str(trial.number + 1), value, *job.varied.values(), round, job.state()])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def importances(study: optuna.Study) -> list[str]:
    """How much each key decides about being in the best tenth of the complete trials.

    PED-ANOVA (Watanabe et al. 2023, arXiv 2304.10255); shares add up to 1.
    """
    complete = [trial for trial in ended(study) if trial.state == TrialState.COMPLETE]
    if len(complete) < ENOUGH or len({trial.value for trial in complete}) == 1:
        return []
    found = get_param_importances(study)
    shares = ", ".join(f"{key} {share:.0%}" for key, share in found.items())
    return [f"matters  {shares}"]
