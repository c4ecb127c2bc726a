"""A thread that works ahead of the one who asks."""

import contextlib
import queue
import threading
import weakref
from collections.abc import Callable
from typing import Any

DEPTH = 4
PATIENCE_S = 0.1


class Prefetcher:
    """`make(k)` for k = start, start + 1, ..., computed ahead by a daemon thread.

    A failure of `make` is raised by `next`. The thread ends with `close`, or when the prefetcher is
    collected: it holds no reference to it.
    """

    def __init__(self, make: Callable[[int], Any], start: int):
        self.number = start
        self._ready: queue.Queue = queue.Queue(DEPTH)
        self._stop = threading.Event()
        arguments = (make, start, self._ready, self._stop)
        self._thread = threading.Thread(target=_work, args=arguments, daemon=True, name="prefetch")
        self._thread.start()
        self.close = weakref.finalize(self, _end, self._thread, self._stop)

    def __next__(self) -> Any:
        while True:
            with contextlib.suppress(queue.Empty):
                made = self._ready.get(timeout=PATIENCE_S)
                break
            if not self._thread.is_alive() and self._ready.empty():
                raise RuntimeError("the prefetching thread is gone")
        if isinstance(made, BaseException):
            raise made
        self.number += 1
        return made


def _work(make: Callable[[int], Any], number: int, ready: queue.Queue, stop: threading.Event):
    while not stop.is_set():
        try:
            made = make(number)
        except BaseException as error:  # whatever it is, the asking thread must hear of it
            _hand_over(error, ready, stop)
            return
        _hand_over(made, ready, stop)
        number += 1


def _hand_over(made: Any, ready: queue.Queue, stop: threading.Event) -> None:
    while not stop.is_set():
        with contextlib.suppress(queue.Full):
            ready.put(made, timeout=PATIENCE_S)
            return


def _end(thread: threading.Thread, stop: threading.Event) -> None:
    stop.set()
    if thread is not threading.current_thread():
        thread.join(timeout=5)
