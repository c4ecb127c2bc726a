"""One session of training in a run directory: from its first or next round to its end."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from ganlab import checkpoints, hparams, lock, pictures, runs
from ganlab.account import closing, opening
from ganlab.build import Experiment
from ganlab.engine import play
from ganlab.observers import progress
from ganlab.observers.checkpoint import Checkpoint
from ganlab.observers.samples import Samples
from ganlab.observers.scalars import Scalars
from ganlab.runs import Run
from ganlab.sampling import draw
from ganlab.schema import plain

HEARTBEAT_S = 10.0
log = logging.getLogger("ganlab")


class Interrupted(Exception):
    """A signal asked the run to stop; it did so between two rounds, after saving."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def train(run: Run, experiment: Experiment, done: int = 0, consumed: int = 0) -> None:
    """Play the rounds that are left and leave the run's status as what became of it.

    `done` rounds and `consumed` batches precede. Raises `Interrupted` after a signal, and whatever
    went wrong.
    """
    with lock.held(run.path), logged(run), status(run), Stop() as stop:
        run.keep_config(experiment.config)
        run.rewind(done)
        run.note(runtime=experiment.runtime.facts())
        log.info(opening(run, experiment, done))
        log.debug(f"data     {experiment.dataset.describe()}")
        with contextlib.closing(experiment.batches(consumed)) as batches:
            purge = done + 1 if done else None
            with SummaryWriter(str(run.path), purge_step=purge, flush_secs=30) as writer:
                settings = hparams.flat(plain(experiment.config), run.facts()["choices"])
                end = hparams.session(writer, settings)
                rounds(run, experiment, batches, writer, stop, done)
                writer.file_writer.add_summary(end)
        log.info(closing(run, experiment.config))


def rounds(
    run: Run, experiment: Experiment, batches: Any, writer: Any, stop: "Stop", done: int
) -> None:
    """Play all rounds after `done` under the eyes of the run's observers."""
    config, last = experiment.config, experiment.config.rounds

    def save(number: int) -> None:
        state = experiment.state(number, batches.consumed)
        checkpoints.save(run.checkpoints, number, state, config.keep)

    def seen() -> int:
        return batches.consumed * config.batch_size

    def picture() -> Any:
        shape = experiment.dataset.spec.shape
        return pictures.render(draw(experiment.averaged(), pictures.enough(shape), config.seed))

    with contextlib.closing(
        Scalars(run.metrics_file, writer, config.log_every, last, seen)
    ) as scalars:
        shown = shower(config.progress)(done + 1, last, lambda: scalars.latest)
        grids = Samples(run.samples, writer, config.sample_every, last, picture, pictures.png)
        saved = Checkpoint(config.checkpoint_every, last, save, stop.asked)
        with shown.showing():
            play(
                experiment.game,
                experiment.optimizers,
                batches,
                range(done + 1, last + 1),
                config.seed,
                experiment.average,
                experiment.pace,
                experiment.runtime.precise(),
                [scalars, shown, grids, heartbeat(run), saved],
            )


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


@contextlib.contextmanager
def logged(run: Run) -> Iterator[None]:
    """Keep what ganlab says, and the traceback of a failure, in the run's `train.log`."""
    handler = logging.FileHandler(run.log_file, encoding="utf-8")
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
    run.note(status="running", heartbeat=runs.now(), **runs.here())
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
        run.note(status=outcome, ended=runs.now())


class Stop:
    """Ctrl-C and SIGTERM stop the run after the round; a second one acts at once."""

    signals = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.received: int | None = None

    def asked(self) -> Interrupted | None:
        """What to raise once the round is saved, if a signal came."""
        return Interrupted(self.received) if self.received else None

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self.receive) for number in self.signals}
        return self

    def __exit__(self, *_: Any) -> None:
        for number, handler in getattr(self, "before", {}).items():
            signal.signal(number, handler)

    def receive(self, number: int, frame: Any) -> None:
        self.received = number
        self.__exit__()
