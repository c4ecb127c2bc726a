"""Ctrl-C before a run listens for itself: not lost, whatever import it falls into."""

import contextlib
import signal
import threading
from collections.abc import Iterator

SAID = "ganlab: interrupted"
_came = threading.Event()
_number = signal.SIGINT


def listen() -> None:
    """From now on Ctrl-C is remembered as well as raised: imports may swallow what is raised."""
    signal.signal(signal.SIGINT, _note)


def came() -> bool:
    """Whether Ctrl-C was pressed, even if nobody heard of it."""
    return _came.is_set()


@contextlib.contextmanager
def heeding_sigterm() -> Iterator[None]:
    """Inside, SIGTERM is as Ctrl-C: what was started is ended with care."""
    before = signal.signal(signal.SIGTERM, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code() -> int:
    """What a command that was interrupted ends with, as shells have it."""
    return 128 + _number


def _note(number: int, frame: object) -> None:
    global _number  # noqa: PLW0603, a process is interrupted once
    _number = signal.Signals(number)
    _came.set()
    raise KeyboardInterrupt
