"""Who watches a run: the observers of each process, and the guard of the players' steps."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ganlab import checkpoints, monitor, pictures, runs
from ganlab.build import Experiment
from ganlab.engine import Diverged, Guard
from ganlab.errors import OutputError
from ganlab.evaluating import Evaluating
from ganlab.events import written
from ganlab.observers import progress
from ganlab.observers.checkpoint import Checkpoint
from ganlab.observers.forgiving import Forgiving
from ganlab.observers.samples import Samples
from ganlab.observers.scalars import Scalars
from ganlab.runs import Run
from ganlab.signals import Enough, Interrupted, Signals
from ganlab.views import views

HEARTBEAT_S = 10.0
log = logging.getLogger("ganlab")


@contextlib.contextmanager
def observed(
    run: Run, experiment: Experiment, batches: Any, signals: Signals, done: int
) -> Iterator[tuple[list, Guard]]:
    """The observers of the process that writes, and the guard of the players' steps."""
    config, last = experiment.config, experiment.config.rounds
    guard = Guard(config.on_nan == "skip", log.warning)
    run.rewind(done)
    with written(run, experiment, done) as writer:
        scalars = Scalars(run.metrics_file, writer, config.log_every, last, seen(batches, config))
        shown = shower(config.progress)(done + 1, last, lambda: scalars.latest)
        drawn = views(experiment)
        grids = Samples(run.samples, writer, config.sample_every, last, drawn, pictures.png)
        alarmed = monitor.health(run, experiment, writer, scalars)

        def end(number: int, why: str) -> None:
            signals.enough = why
            for observer in (scalars, alarmed, shown, grids):
                observer.last = number

        judged = Evaluating(run, experiment, writer, signals, end)
        save = saver(run, experiment, batches, guard, judged.rank)
        saved = Checkpoint(config.checkpoint_every, last, save, signals)
        observers = [
            guarded(guard, config),
            Forgiving(judged, "what was judged"),
            *monitor.probing(experiment),
            Forgiving(scalars, str(run.metrics_file)),
            Forgiving(alarmed, str(run.path)),
            shown,
            Forgiving(grids, str(run.samples)),
            Forgiving(heartbeat(run), f"{run.path}/run.json"),
            saved,
        ]
        with (
            contextlib.closing(scalars),
            rescued(run, save, batches, done) as completed,
            shown.showing(),
        ):
            yield [*observers, completed], guard


@contextlib.contextmanager
def unobserved(
    run: Run, experiment: Experiment, batches: Any, signals: Signals, done: int
) -> Iterator[tuple[list, Guard]]:
    """What a process that does not write shares with the one that does."""
    config = experiment.config
    guard = Guard(config.on_nan == "skip", lambda _: None)

    def agree(number: int, record: dict) -> None:
        guard.check(number)
        refuse_non_finite(experiment.game, number)

    left = Checkpoint(config.checkpoint_every, config.rounds, agree, signals)
    yield [guarded(guard, config), left], guard


def saver(run: Run, experiment: Experiment, batches: Any, guard: Guard, rank: Callable) -> Callable:
    """What writes a checkpoint of the state after a round, unless it is not finite."""

    def save(number: int, record: dict) -> None:
        guard.check(number)
        refuse_non_finite(experiment.game, number)
        state = experiment.state(number, batches.consumed)
        keep = experiment.config.keep
        checkpoints.save(run.checkpoints, number, state, keep, *rank(number, record))

    return save


def refuse_non_finite(game: Any, number: int) -> None:
    """Raise `Diverged` where a weight is not finite."""
    norms = torch._foreach_norm([t for t in game.state_dict().values() if t.is_floating_point()])
    if not torch.stack(norms).isfinite().all():
        raise Diverged(f"after round {number} weights are not finite")


@contextlib.contextmanager
def rescued(run: Run, save: Callable, batches: Any, done: int) -> Iterator[Callable]:
    """Gives an observer that notes what is complete; a failure before anybody moved is saved so."""
    complete = {"round": done, "batches": batches.consumed}

    def note(number: int, game: Any, record: dict) -> None:
        complete.update(round=number, batches=batches.consumed)

    try:
        yield note
    except (Diverged, Enough, Interrupted, OutputError):
        raise
    except Exception:
        saved = checkpoints.newest_round(run.checkpoints)
        if batches.consumed == complete["batches"] and complete["round"] > saved:
            with contextlib.suppress(Diverged, OutputError):
                save(complete["round"], {})
                log.warning(f"saved the last good round, {complete['round']}")
        raise


def guarded(guard: Guard, config: Any) -> Callable:
    """An observer that reads, wherever it is logged, how many steps had to be left out."""

    every, last = config.log_every, config.rounds
    told = config.on_nan == "skip"

    def look(number: int, game: Any, record: dict) -> None:
        if number % every == 0 or number == last:
            left_out = guard.check(number)
            if told:
                record["health/left_out"] = next(iter(record.values())).new_tensor(left_out)

    return look


def seen(batches: Any, config: Any) -> Callable[[], int]:
    return lambda: batches.consumed * config.batch_size


def shower(wish: str) -> Any:
    """How progress is shown: as wished, or as the standard output can."""
    if not log.isEnabledFor(logging.INFO):
        wish = "none"
    if wish == "auto":
        live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        wish = "bar" if live else "plain"
    return {"bar": progress.Bar, "plain": progress.Plain, "none": progress.Silent}[wish]


def heartbeat(run: Run) -> Any:
    """An observer that notes every ten seconds that the run is alive, and its round."""
    beaten = time.monotonic()

    def beat(number: int, game: Any, record: dict) -> None:
        nonlocal beaten
        if time.monotonic() - beaten >= HEARTBEAT_S:
            beaten = time.monotonic()
            run.note(heartbeat=runs.now(), round=number)

    return beat
