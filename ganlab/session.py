"""One session of training in a run directory: from its first or next round to its end."""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ganlab import checkpoints, inject, lock, processes, runs
from ganlab.account import closing, opening
from ganlab.build import Experiment
from ganlab.columns import aligned
from ganlab.engine import Diverged, Guard, play
from ganlab.errors import ConfigError, OutputError
from ganlab.files import remove_leftovers
from ganlab.runs import Run
from ganlab.signals import Enough, Interrupted, Signals
from ganlab.watching import observed, unobserved

ROLLBACKS = 5
log = logging.getLogger("ganlab")


def train(run: Run, experiment: Experiment, done: int = 0, consumed: int = 0) -> None:
    """Play the rounds that are left and leave the run's status as what became of it.

    `done` rounds and `consumed` batches precede. Raises `Interrupted` after a signal, and whatever
    went wrong. Of several processes the leading one writes.
    """
    if where := experiment.config.debug.inject_nan:
        inject.inject_nan(experiment.game, where)
    role = lead if processes.leads() else follow
    role(run, experiment, done, consumed)


def lead(run: Run, experiment: Experiment, done: int, consumed: int) -> None:
    """Train as the process that writes."""
    with lock.held(run.path), logged(run), status(run), asked(run, experiment.config) as signals:
        remove_leftovers(run.path)
        run.keep_config(experiment.config)
        run.note(runtime=experiment.runtime.conditions())
        log.info(opening(run, experiment, done))
        log.debug(aligned({f"data {k}": v for k, v in experiment.dataset.describe().items()}))
        if not checkpoints.manifest(run.checkpoints):
            checkpoints.save(run.checkpoints, 0, experiment.state(0, 0), experiment.config.keep)
        stretches(run, experiment, done, consumed, signals, observed)
        log.info(closing(run, experiment.config))


def follow(run: Run, experiment: Experiment, done: int, consumed: int) -> None:
    """Train as a process that only computes; the run has failed if the leading one is gone."""
    try:
        with logged(run), asked(run, experiment.config) as signals:
            stretches(run, experiment, done, consumed, signals, unobserved)
    except (Interrupted, Diverged):
        raise
    except Exception:
        with contextlib.suppress(ConfigError, OutputError), lock.held(run.path):
            if run.facts()["status"] == "running":
                run.note(status="failed", ended=runs.now())
        raise


def stretches(
    run: Run,
    experiment: Experiment,
    done: int,
    consumed: int,
    signals: Signals,
    watched: Callable,
) -> None:
    """Play to the end, if need be by way of older checkpoints."""
    while True:
        try:
            with (
                contextlib.closing(experiment.batches(consumed)) as batches,
                watched(run, experiment, batches, signals, done) as (observers, guard),
            ):
                play_on(experiment, batches, done, observers, guard)
            return
        except Enough as why:
            if processes.leads():
                log.info(str(why))
                run.note(stopped=str(why))
            return
        except Diverged as error:
            done, consumed = roll_back(run, experiment, error)


def play_on(experiment: Experiment, batches: Any, done: int, observers: list, guard: Guard) -> None:
    """Play all rounds after `done`."""
    play(
        experiment.game,
        experiment.optimizers,
        batches,
        range(done + 1, experiment.config.rounds + 1),
        experiment.seed,
        experiment.average,
        experiment.pace,
        experiment.runtime.precise(),
        observers,
        guard,
        processes.share if processes.together() else None,
    )


def roll_back(run: Run, experiment: Experiment, error: Diverged) -> tuple[int, int]:
    """Return to the newest checkpoint, with other noise; its round and batches.

    Raises the error where that is not wished, or was done too often.
    """
    times = experiment.rollbacks + 1
    if experiment.config.on_nan != "rollback" or times > ROLLBACKS:
        raise error
    state = checkpoints.load(run.checkpoints, log.warning)
    experiment.restore(state)
    experiment.rollbacks = times
    log.warning(f"{error}; back to round {state['round']} with other noise ({times}/{ROLLBACKS})")
    return state["round"], state["batches"]


def asked(run: Run, config: Any) -> Signals:
    """Listens to signals; one who has to leave in a hurry still notes it."""

    def hurry() -> None:
        if processes.leads():
            run.note(status="interrupted", ended=runs.now())

    return Signals(config.preempt.grace_s, config.slurm.requeue, hurry)


class LogFile(logging.FileHandler):
    """A log that cannot be written is no reason to stop, nor to print a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, logging's name
        pass


@contextlib.contextmanager
def logged(run: Run) -> Iterator[None]:
    """Keep what ganlab says, and the traceback of a failure, in the run's `train.log`."""
    handler = LogFile(run.log_file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    except Exception:
        handler.handle(log.makeRecord("ganlab", logging.ERROR, "", 0, "", (), sys.exc_info()))
        raise
    finally:
        log.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def status(run: Run) -> Iterator[None]:
    """`running` inside; then `done`, `diverged`, `interrupted` or `failed`."""
    now = runs.now()
    run.note(status="running", stopped=None, session=now, heartbeat=now, **runs.here())
    outcome = "failed"
    try:
        yield
        outcome = "done"
    except FloatingPointError:
        outcome = "diverged"
        raise
    except (Interrupted, KeyboardInterrupt):
        outcome = "interrupted"
        raise
    finally:
        try:
            run.note(status=outcome, ended=runs.now())
        except OSError as error:
            log.warning(f"{run.path} ended as {outcome}, which cannot be noted ({error})")
