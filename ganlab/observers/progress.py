"""How far a run is: a live bar on a terminal, a plain line every 30 seconds elsewhere."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

QUIET_S = 30.0
REDRAWN_S = 0.1
log = logging.getLogger("ganlab")


class Plain:
    """One line at once, then one every 30 seconds, and one for the last round."""

    def __init__(self, first: int, last: int, latest: Callable[[], Mapping[str, float]]) -> None:
        self.first, self.last, self.latest = first, last, latest
        self.started, self.said = time.monotonic(), -QUIET_S

    def __call__(self, number: int, game: Any, record: dict) -> None:
        now = time.monotonic()
        if now - self.said >= QUIET_S or number == self.last:
            self.said = now
            left = (now - self.started) / (number - self.first + 1) * (self.last - number)
            log.info(f"round {number}/{self.last}  {brief(self.latest())}left {clock(left)}")

    def showing(self) -> AbstractContextManager:
        return nullcontext()


class Bar:
    """A live bar with the round, images per second, losses, and the time that is left."""

    def __init__(self, first: int, last: int, latest: Callable[[], Mapping[str, float]]) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column

        self.latest = latest
        count = "{task.completed:.0f}/{task.total:.0f}"
        whole = Column(no_wrap=True)
        self.bar = Progress(  # where it is narrow, first the bar gives way, then the count
            TextColumn(count, table_column=Column(overflow="ellipsis")),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            TextColumn("{task.description}", table_column=whole),
            TimeRemainingColumn(table_column=whole),
            expand=True,
            console=unbroken(),
        )
        self.task = self.bar.add_task("", total=last, completed=first - 1)
        self.last, self.drawn = last, -REDRAWN_S

    def __call__(self, number: int, game: Any, record: dict) -> None:
        now = time.monotonic()
        if now - self.drawn >= REDRAWN_S or number == self.last:
            self.drawn = now
            self.bar.update(self.task, completed=number, description=brief(self.latest()))

    def showing(self) -> AbstractContextManager:
        return self.bar


def unbroken() -> Any:
    """Rich's console; when nobody reads it any more, it falls silent and training goes on."""
    from rich.console import Console

    class Unbroken(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True

    return Unbroken()


class Silent:
    """Says nothing."""

    def __init__(self, first: int, last: int, latest: Callable[[], Mapping[str, float]]) -> None:
        pass

    def __call__(self, number: int, game: Any, record: dict) -> None:
        pass

    def showing(self) -> AbstractContextManager:
        return nullcontext()


def brief(latest: Mapping[str, float]) -> str:
    """Images per second and each player's first loss, in a few words."""
    losses: dict[str, float] = {}
    for name, value in latest.items():
        player, _, measure = name.partition("/")
        if measure and player not in {*losses, "health"}:
            losses[player] = value
    words = [f"{player[0].upper()} {value:.3g}" for player, value in losses.items()]
    speed = [f"{latest['images_per_second']:.0f} img/s"] if latest else []
    return "  ".join([*speed, *words, ""])


def clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def preparing() -> Callable[[int, int], None]:
    """A report of how far data are prepared: when it starts, every 30 seconds, and at the end."""
    said, ended = -QUIET_S, False

    def report(done: int, total: int) -> None:
        nonlocal said, ended
        if done < total and time.monotonic() - said >= QUIET_S:
            said = time.monotonic()
            log.info(f"preparing the data, once: {done} of {total} samples")
        if done == total and not ended:
            ended = True
            log.info("the data are prepared")

    return report
