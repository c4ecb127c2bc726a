"""One process at a time in a run directory."""

import contextlib
import datetime
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from ganlab.errors import ConfigError, OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOOK_S = 0.3


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the directory's lock; it is freed when the process ends, however it ends.

    Raises ConfigError, naming the holder, while another process has it.
    """
    try:
        file = open(path / ".lock", "a+")  # noqa: SIM115
    except OSError as error:
        raise OutputError(f"{path} cannot be written to ({error.strerror})") from error
    with file:
        if not acquire(file.fileno()) and not persist(file.fileno()):
            file.seek(0)
            raise ConfigError(
                f"{path}: another process is at work on it ({file.read()}); wait for it, "
                "or stop it first"
            )
        file.truncate(0)
        since = datetime.datetime.now().isoformat(" ", "seconds")
        file.write(f"pid {os.getpid()} on {socket.gethostname()} since {since}")
        file.flush()
        yield


def acquire(descriptor: int) -> bool:
    """Take the lock if it is free; where the platform has none, it is always free."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def persist(descriptor: int) -> bool:
    """Take the lock if it is free within the moment that one who only looks at it may have it."""
    until = time.monotonic() + LOOK_S
    while time.monotonic() < until:
        time.sleep(LOOK_S / 10)
        if acquire(descriptor):
            return True
    return False


def refuse_held(path: Path) -> None:
    """Raise ConfigError while another process trains the run."""
    with held(path):
        pass


def is_free(path: Path) -> bool:
    """Whether no process holds the directory's lock."""
    try:
        with open(path / ".lock") as file:
            return acquire(file.fileno())
    except FileNotFoundError:
        return True
