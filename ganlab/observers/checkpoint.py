"""Saves the run, so that it can be resumed exactly."""

from collections.abc import Callable
from typing import Any

import torch


class Checkpoint:
    """Calls `save(number)` every `every` rounds and after the last; never on non-finite values.

    `asked()` may demand one at once: it gives an exception to raise after saving, or None.
    """

    def __init__(
        self, every: int, last: int, save: Callable[[int], None], asked: Callable[[], Any]
    ) -> None:
        self.every, self.last, self.save, self.asked = every, last, save, asked

    def __call__(self, number: int, game: Any, record: dict) -> None:
        leave = self.asked()
        if leave or number % self.every == 0 or number == self.last:
            refuse_to_save(number, record)
            self.save(number)
        if leave:
            raise leave


def refuse_to_save(number: int, record: dict) -> None:
    """Raise FloatingPointError for a round whose scalars are not finite."""
    bad = [name for name, value in record.items() if not torch.isfinite(value)]
    if bad:
        raise FloatingPointError(f"in round {number} {', '.join(bad)} is not finite")
