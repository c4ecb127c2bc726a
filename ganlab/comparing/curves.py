"""What a run logged, at a bounded number of rounds, however long its log has become."""

import contextlib
import io
import json
import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganlab.runs import Run

WHOLE = LONGEST_LINE = 1 << 16
"""Bytes of a log that is read from one end to the other, and of a line at most."""
UNMEASURED = {"round", "time"}
Curve = list[tuple[int, float]]
"""Rounds and what was measured after each, NaN where that was not finite."""


@dataclass(frozen=True)
class Log:
    """Some lines of a run's log, oldest first, the first and last among them.

    `cut_off` where the file ends within a line, `from_events` where the lines are TensorBoard's.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    cut_off: bool = False
    from_events: bool = False

    @property
    def round(self) -> int:
        """The last round that was logged."""
        return self.lines[-1]["round"] if self.lines else 0

    def curves(self) -> dict[str, Curve]:
        """Each measure over the rounds."""
        found: dict[str, Curve] = {}
        for line in self.lines:
            for name, value in line.items():
                if name not in UNMEASURED and isinstance(value, int | float | None):
                    number = math.nan if value is None else float(value)
                    found.setdefault(name, []).append((line["round"], number))
        return found


def logged(run: Run, most: int) -> Log:
    """At most so many lines of what a run logged; of its event files where it has no other log."""
    try:
        with open(run.metrics_file, "rb") as file:
            lines, cut_off = spread(file, most)
            return Log(lines, cut_off)
    except OSError:
        return of_events(run.path, most)


def spread(file: io.BufferedReader, most: int) -> tuple[list[dict[str, Any]], bool]:
    """Lines at places that are evenly spread over a file, and whether its last line is cut off.

    Only these are read, of 2,000 lines and of 2,000,000 as many; a small file is read whole.
    """
    size = file.seek(0, io.SEEK_END)
    if size <= WHOLE:
        file.seek(0)
        *whole, rest = file.read().split(b"\n")
        return thinned([told for line in whole if (told := understood(line))], most), bool(rest)
    found: dict[int, dict[str, Any]] = {}
    for place in range(most - 1):
        start, text = line_after(file, place * size // max(most - 1, 1))
        if told := understood(text):
            found[start] = told
    start, text, cut_off = last_line(file, size)
    if told := understood(text):
        found[start] = told
    return [found[start] for start in sorted(found)], cut_off


def thinned(items: list[Any], most: int) -> list[Any]:
    """At most so many of some things in a row, evenly spread, the first and last among them."""
    if len(items) <= most:
        return items
    return [items[n * (len(items) - 1) // (most - 1)] for n in range(most)]


def line_after(file: io.BufferedReader, place: int) -> tuple[int, bytes]:
    """The first line that begins at a place of a file or behind it, and where; or nothing."""
    file.seek(max(place - 1, 0))
    if place:
        file.readline(LONGEST_LINE)
    start, line = file.tell(), file.readline(LONGEST_LINE)
    return start, line if line.endswith(b"\n") else b""


def last_line(file: io.BufferedReader, size: int) -> tuple[int, bytes, bool]:
    """Where the last whole line of a file begins, the line, and whether some of one follows."""
    before = max(size - 2 * LONGEST_LINE, 0)
    file.seek(before)
    tail = file.read(size - before)
    end = tail.rfind(b"\n") + 1
    begin = tail.rfind(b"\n", 0, max(end - 1, 0)) + 1
    return before + begin, tail[begin:end], end < len(tail)


def understood(line: bytes) -> dict[str, Any] | None:
    """The logged round that a whole line tells of, if it does."""
    with contextlib.suppress(ValueError, RecursionError):
        told = json.loads(line)
        if isinstance(told, dict) and isinstance(told.get("round"), int):
            return told
    return None


def of_events(directory: Path, most: int) -> Log:
    """What TensorBoard's event files tell; of those that are cut off, what is there."""
    files = sorted(directory.glob("events.out.tfevents.*"))
    if not files:
        return Log()
    from tensorboard.backend.event_processing import event_accumulator as reader

    events = reader.EventAccumulator(str(directory), {reader.SCALARS: most, reader.IMAGES: 1})
    events.Reload()
    lines: dict[int, dict[str, Any]] = {}
    for name in events.Tags()["scalars"]:
        if not name.startswith("metrics/"):
            for event in events.Scalars(name):
                line = lines.setdefault(event.step, {"round": event.step, "time": event.wall_time})
                line[name] = event.value
    cut_off = any(map(ends_within_a_record, files))
    return Log([lines[step] for step in sorted(lines)], cut_off, from_events=True)


def ends_within_a_record(file: Path) -> bool:
    """Whether an event file is cut off: records are length, checksum, content, checksum."""
    size, place = file.stat().st_size, 0
    with open(file, "rb") as records:
        while place + 12 <= size:
            records.seek(place)
            place += 16 + struct.unpack("<Q", records.read(8))[0]
    return place != size
