"""What the outside may ask of a run: to stop, to save, to be requeued."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from ganlab import interrupts
from ganlab.processes import largest, leads

STOP = (signal.SIGINT, signal.SIGTERM)
SAVE = getattr(signal, "SIGUSR1", None)  # Windows has none
log = logging.getLogger("ganlab")


class Interrupted(Exception):
    """A signal asked the run to stop; it did so between two rounds, after saving."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Enough(Exception):
    """The run has reached what it can: it ends as if these had been all its rounds."""


class Signals:
    """Ctrl-C and SIGTERM stop the run after the round, SIGUSR1 saves and goes on.

    A second signal to stop acts at once. After SIGTERM the process is left by `hurry()` and at once
    if `grace_s` seconds did not suffice for the round and its checkpoint. With `requeue`, SIGUSR1
    also lets SLURM queue the job again, after saving. Whoever sees in a process that a round is
    worth a checkpoint sets `due`; that the run need not go on, says why in `enough`.
    """

    def __init__(self, grace_s: float, requeue: bool, hurry: Callable[[], None]) -> None:
        self.grace_s, self.requeue, self.hurry = grace_s, requeue, hurry
        self.stopping = self.saving = 0
        self.asked = self.due = False
        self.enough = ""
        self.timer: threading.Timer | None = None
        self.before: dict[int, Any] = {}

    def heard(self) -> tuple[Exception | None, bool]:
        """What to raise once the round is saved, and whether to save now and go on."""
        wishes = self.stopping, self.saving, int(self.due), int(bool(self.enough))
        stopping, asked, due, enough = largest(*wishes)
        self.asked = bool(asked)
        ending = Enough(self.enough) if enough else None
        return Interrupted(stopping) if stopping else ending, bool(asked or due)

    def answered(self, saved: bool) -> None:
        """What was asked for was tried; once it is saved, the job may be queued again."""
        self.saving, self.due = 0, False
        if saved and self.asked and leads():
            log.info("saved, as SIGUSR1 asked")
            self.requeue = self.requeue and not requeued()

    def __enter__(self) -> "Signals":
        if interrupts.came():
            raise KeyboardInterrupt
        if threading.current_thread() is threading.main_thread():
            handlers = dict.fromkeys(STOP, self.stop) | ({SAVE: self.ask_to_save} if SAVE else {})
            self.before = {number: signal.getsignal(number) for number in handlers}
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return self

    def __exit__(self, *_: Any) -> None:
        self.restore()
        if self.timer:
            self.timer.cancel()

    def restore(self) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def stop(self, number: int, frame: Any) -> None:
        self.stopping = number
        for each in STOP:
            signal.signal(each, self.before[each])
        if number == signal.SIGTERM:
            self.timer = threading.Timer(self.grace_s, self.leave_now)
            self.timer.daemon = True
            self.timer.start()

    def ask_to_save(self, number: int, frame: Any) -> None:
        self.saving = 1

    def leave_now(self) -> None:
        """Leave in the middle of a round: the older checkpoint is intact."""
        try:
            self.hurry()
        finally:
            os._exit(128 + signal.SIGTERM)


def requeued() -> bool:
    """Whether SLURM queued this job again; a failure is reported. Outside SLURM there is no job."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return False
    try:
        subprocess.run(
            ["scontrol", "requeue", job], check=True, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        why = str(getattr(error, "stderr", "") or type(error).__name__).strip()
        log.warning(f"scontrol requeue {job} failed: {why}; the checkpoint is saved")
        return False
    log.info(f"job {job} is queued again; it will resume this run")
    return True
