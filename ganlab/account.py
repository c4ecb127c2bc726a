"""What a run says of itself at its beginning and at its end."""

import shlex
from pathlib import Path
from typing import Any

from ganlab.build import Experiment
from ganlab.columns import counted
from ganlab.runs import USUAL_OUTPUT, Run


def opening(run: Run, experiment: Experiment, done: int) -> str:
    """Where, what and how much is about to be played."""
    sizes = ", ".join(f"{player} {size}" for player, size in parameter_counts(experiment).items())
    runtime, rounds = experiment.runtime, experiment.config.rounds
    resumed = f", resumed after round {done}" if done else ""
    return (
        f"run      {run.path}\n"
        f"plays    {counted(rounds, 'round')} on {runtime.device} in {runtime.precision}, "
        f"{counted(runtime.threads, 'thread')}{resumed}\n"
        f"moves    {sizes} parameters"
    )


def closing(run: Run, config: Any) -> str:
    """Where everything is, and the next commands."""
    newest = max(run.samples.glob("[0-9]*[0-9].png"), default=run.samples)
    usual = Path(USUAL_OUTPUT) in run.path.parents
    name = run.facts()["id"] if usual else shlex.quote(str(run.path))
    commands = [
        f"sample {name} n=64 seed=3",
        f"evaluate {name}",
        "compare last:4" if usual else f"compare {shlex.quote(str(run.path.parent))}",
        "tensorboard" if usual else f"tensorboard {shlex.quote(str(run.path.parent))}",
    ]
    if config.optimizer.decay.rounds is None:  # a rate that has ended would teach nothing more
        commands.append(f"resume {name} rounds={2 * config.rounds}")
    following = "\n         ".join(f"ganlab {command}" for command in commands)
    return f"done     {run.path}\nsamples  {newest}\nnext     {following}"


def parameter_counts(experiment: Experiment) -> dict[str, str]:
    """How many parameters each player moves, such as 1.2M."""
    game = experiment.game
    counts = {p: sum(x.numel() for x in game.movable(p)) for p in game.players}
    return {p: f"{n / 1e6:.1f}M" if n >= 1e6 else f"{n / 1e3:.0f}k" for p, n in counts.items()}
