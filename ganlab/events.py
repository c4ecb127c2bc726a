"""TensorBoard's event files of a run."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import google_crc32c
from tensorboard.summary.writer import record_writer
from torch.utils.tensorboard import SummaryWriter

from ganlab import hparams
from ganlab.build import Experiment
from ganlab.runs import Run
from ganlab.schema import plain
from ganlab.signals import Enough

log = logging.getLogger("ganlab")


@contextlib.contextmanager
def written(run: Run, experiment: Experiment, done: int) -> Iterator[Any]:
    """The run's TensorBoard writer, with one session of hyperparameters."""
    wait_for_a_name(run)
    writer = SummaryWriter(str(run.path), purge_step=done + 1, flush_secs=30)
    settings = hparams.flat(plain(experiment.config), run.facts()["choices"])
    end = hparams.session(writer, settings)
    before, threading.excepthook = threading.excepthook, all_but_writing(threading.excepthook)
    last = []
    try:
        yield writer
        last = [end]
    except Enough:
        last = [end]
        raise
    finally:
        try:
            for summary in last:
                writer.file_writer.add_summary(summary)  # type: ignore[attr-defined]
            writer.close()
        except OSError as error:
            log.warning(f"the events in {run.path} are not complete ({error})")
        threading.excepthook = before


def wait_for_a_name(run: Run) -> None:
    """Wait until new events come after all others by name, which tells seconds: else the reader,
    which goes by names, would not let them replace what it has of the same rounds."""
    names = (file.name.split(".") for file in run.path.glob("events.out.tfevents.*"))
    newest = max((int(name[3]) for name in names if name[3].isdecimal()), default=0)
    if 0 <= (left := newest + 1 - time.time()) < 1:
        time.sleep(left)


def all_but_writing(hook: Callable) -> Callable:
    """The hook, but for what TensorBoard's thread cannot write: those who log are told of it."""
    return lambda fault: None if issubclass(fault.exc_type, OSError) else hook(fault)


def masked_crc32c(data: bytes) -> int:
    """The checksum of a record, as TensorFlow's record format rotates and shifts it."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


# TensorBoard's own is a loop in Python: for two pictures it takes 10 ms, in which no other thread
# of the interpreter, and so no training, goes on.
record_writer.masked_crc32c = masked_crc32c
