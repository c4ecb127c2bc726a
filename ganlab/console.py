"""What ganlab says while it works: a logger, shown on the standard streams."""

import io
import logging
import os
import sys
from typing import TextIO

LONGEST = 4000
"""A message of more characters is cut."""
log = logging.getLogger("ganlab")


class Console(logging.Handler):
    """Prints to whatever the standard streams are at the time, so that a live bar stays whole.

    News go to standard output, warnings and errors to standard error; so does all of it `aside`.
    """

    aside = False

    def emit(self, record: logging.LogRecord) -> None:
        is_result = not self.aside and record.levelno < logging.WARNING
        say(self.format(record), sys.stdout if is_result else sys.stderr)


def listen(quiet: bool = False, verbose: bool = False) -> None:
    """Show what ganlab logs; `quiet` leaves warnings and errors, `verbose` adds details.

    Of several processes the leading one speaks.
    """
    quiet = quiet or int(os.environ.get("RANK", "0")) > 0
    log.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    log.propagate = False
    log.handlers = [Console()]


def step_aside() -> None:
    """From here on leave standard output to a command's result, which another may read."""
    for handler in log.handlers:
        if isinstance(handler, Console):
            handler.aside = True


def prepare() -> None:
    """Make the standard streams take whatever is said: never closed, never short of a character.

    Where file names are ASCII, starts again in Python's UTF-8 mode, lest words have no characters.
    """
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("PYTHONUTF8") != "1":
        os.execve(
            sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONUTF8": "1"}
        )
    if not os.environ.get("GANLAB_OFFLINE", "unset"):  # empty: as good as not there
        del os.environ["GANLAB_OFFLINE"]
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by `>&-`: the next file that is opened would take its place
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def legible(text: str) -> str:
    """A message without control characters, and without the middle of what is endless."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def say(text: str, stream: TextIO) -> None:
    """Print a line; a stream that takes nothing any more is left alone, and work goes on."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        silence(stream)


def silence(stream: TextIO) -> None:
    """Send all that a stream still gets, and what waits in its buffer, to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
