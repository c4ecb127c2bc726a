"""Lets training go on where what is written is not needed to resume."""

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger("ganlab")


class Forgiving:
    """Another observer: that it cannot write is warned of once, and it is called again."""

    def __init__(self, observe: Callable, what: str) -> None:
        self.observe, self.what = observe, what
        self.warned = False

    def __call__(self, number: int, game: Any, record: dict) -> None:
        try:
            self.observe(number, game, record)
        except OSError as error:
            if not self.warned:
                log.warning(f"{self.what} cannot be written ({error}); training goes on")
            self.warned = True
