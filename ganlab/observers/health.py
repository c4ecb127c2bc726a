"""Whether a run is well: measures of its samples now and then, and alarms that read the logs."""

import logging
import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor

log = logging.getLogger("ganlab")
History = Mapping[str, Sequence[tuple[int, float]]]


class Probing:
    """Adds `measure(game)` to the record of a round, as `health/...`, so that it is logged.

    That is done at the first logged round from every multiple of `every` on.
    """

    def __init__(
        self, every: int, log_every: int, measure: Callable[[Any], dict[str, float]]
    ) -> None:
        self.every, self.log_every, self.measure = every, log_every, measure

    def __call__(self, number: int, game: Any, record: dict[str, Tensor]) -> None:
        if number % self.log_every == 0 and number % self.every < self.log_every:
            like = next(iter(record.values()))
            found = self.measure(game)
            record |= {f"health/{name}": like.new_tensor(value) for name, value in found.items()}


class Health:
    """Asks the alarms after every logged round; what one begins to say is logged and kept as text.

    Logged are every `every`-th round and the `last`; `latest()` gives what was logged. An alarm
    speaks once, and again only after its condition was gone for `calm` logs. Each measure is
    remembered for `memory` logs, those of the `past` included.
    """

    def __init__(
        self,
        every: int,
        last: int,
        latest: Callable[[], Mapping[str, float]],
        writer: Any,
        alarms: Mapping[str, Callable[[History], str | None]],
        memory: int,
        calm: int,
        past: Iterable[Mapping[str, Any]],
    ) -> None:
        self.every, self.last, self.latest, self.writer = every, last, latest, writer
        self.alarms, self.calm = alarms, calm
        self.history: dict[str, deque] = defaultdict(lambda: deque(maxlen=memory))
        for logged in past:
            self.remember(logged["round"], logged)
        self.quiet = {name: 0 if alarm(self.history) else calm for name, alarm in alarms.items()}

    def __call__(self, number: int, game: Any, record: dict[str, Tensor]) -> None:
        if number % self.every == 0 or number == self.last:
            self.remember(number, self.latest())
            for name, alarm in self.alarms.items():
                self.hear(number, name, alarm(self.history))

    def remember(self, number: int, measures: Mapping[str, Any]) -> None:
        """Take in what was logged of a round; what is no number in a file was not finite."""
        for name, value in measures.items():
            if name not in {"round", "time"}:
                is_number = isinstance(value, int | float)
                self.history[name].append((number, value if is_number else math.nan))

    def hear(self, number: int, name: str, message: str | None) -> None:
        """Pass on a message, unless it is still the same trouble."""
        begins = message and self.quiet[name] >= self.calm
        self.quiet[name] = 0 if message else self.quiet[name] + 1
        if begins:
            log.warning(f"round {number}: {message}")
            self.writer.add_text("health", f"{name}: {message}", number)
