"""Attending a run: train it, then say what came of it and what can be done next."""

import logging

from ganlab import session
from ganlab.build import Experiment
from ganlab.engine import Diverged
from ganlab.errors import GanlabError
from ganlab.runs import Run
from ganlab.session import Interrupted

log = logging.getLogger("ganlab")


def attend(run: Run, experiment: Experiment, done: int = 0, consumed: int = 0) -> int:
    """The exit code of training the run to its end, or to what stopped it."""
    try:
        session.train(run, experiment, done, consumed)
    except Interrupted as stop:
        log.warning(f"{stop}: saved; continue with\n  ganlab resume {run.path}")
        return stop.exit_code
    except (Diverged, FloatingPointError) as error:
        log.error(f"diverged: {error}; {run.path} keeps the last good checkpoint")
        return 1
    except GanlabError:
        raise
    except Exception as error:
        log.error(f"failed: {error or type(error).__name__}; the traceback is in {run.log_file}")
        return 1
    log.info(closing(run))
    return 0


def opening(run: Run, experiment: Experiment) -> str:
    """What is about to happen, in two lines."""
    sizes = ", ".join(f"{player} {size}" for player, size in parameter_counts(experiment).items())
    runtime = experiment.runtime
    return (
        f"{run.path}\n{experiment.config.rounds} rounds on {runtime.device} in "
        f"{runtime.precision}, {runtime.threads} threads; {sizes} parameters"
    )


def parameter_counts(experiment: Experiment) -> dict[str, str]:
    """How many parameters each player moves, such as 1.2M."""
    game = experiment.game
    counts = {p: sum(x.numel() for x in game.movable(p)) for p in game.players}
    return {p: f"{n / 1e6:.1f}M" if n >= 1e6 else f"{n / 1e3:.0f}k" for p, n in counts.items()}


def closing(run: Run) -> str:
    """Where everything is, and the next commands."""
    facts = run.facts()
    newest = max(run.samples.glob("[0-9]*.png"), default=run.samples)
    again = facts["id"]
    rounds = 2 * int(run.config()["rounds"])
    return (
        f"done     {run.path}\nsamples  {newest}\n"
        f"next     ganlab sample {again} n=64 seed=3\n"
        f"         ganlab tensorboard\n"
        f"         ganlab resume {again} rounds={rounds}"
    )
