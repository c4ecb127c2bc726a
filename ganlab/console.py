"""What ganlab says while it works: a logger, shown on the standard streams."""

import logging
import sys

log = logging.getLogger("ganlab")


class Console(logging.Handler):
    """Prints to whatever the standard streams are at the time, so that a live bar stays whole.

    News go to standard output, warnings and errors to standard error.
    """

    def emit(self, record: logging.LogRecord) -> None:
        serious = record.levelno >= logging.WARNING
        print(self.format(record), file=sys.stderr if serious else sys.stdout, flush=True)


def listen(quiet: bool = False, verbose: bool = False) -> None:
    """Show what ganlab logs; `quiet` leaves warnings and errors, `verbose` adds details."""
    log.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    log.propagate = False
    log.handlers = [Console()]
