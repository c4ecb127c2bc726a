"""Saves the run, so that it can be resumed exactly."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from ganlab.errors import OutputError

MISSES = 5
log = logging.getLogger("ganlab")
Record = dict[str, Tensor]


class Asked(Protocol):
    """What somebody outside wishes: all processes hear of it after the same round."""

    def heard(self) -> tuple[Exception | None, bool]:
        """What to raise once the round is saved, and whether to save now and go on."""

    def answered(self, saved: bool) -> None:
        """Called once it was tried to save as asked for."""


class Checkpoint:
    """Saves every `every` rounds, after the last, and whenever `asked`.

    `save(number, record)` may raise OutputError: it is tried again at the next occasion, and raised
    at the end or after five misses.
    """

    def __init__(
        self,
        every: int,
        last: int,
        save: Callable[[int, Record], None],
        asked: Asked,
    ) -> None:
        self.every, self.last, self.save, self.asked = every, last, save, asked
        self.misses = 0

    def __call__(self, number: int, game: Any, record: Record) -> None:
        leave, now = self.asked.heard()
        if leave or now or number % self.every == 0 or number == self.last:
            saved = self.attempt(number, record, must=bool(leave) or number == self.last)
            if now:
                self.asked.answered(saved)
        if leave:
            raise leave

    def attempt(self, number: int, record: Record, must: bool) -> bool:
        """Save, or say why not; raise OutputError where it `must` be, or too often was not."""
        try:
            self.save(number, record)
        except OutputError as error:
            self.misses += 1
            if must or self.misses == MISSES:
                raise
            log.warning(f"{error}; training goes on, and it is tried again")
            return False
        self.misses = 0
        return True
