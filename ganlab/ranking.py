"""By what rounds are ranked: a measure of the players, or a metric of their samples."""

import math
from dataclasses import dataclass
from typing import Any

from ganlab.errors import ConfigError
from ganlab.evaluations import named
from ganlab.judge import Judge


@dataclass(frozen=True)
class Ranking:
    """A measure or metric by its full name; `sign` is -1 where the greatest value is best."""

    name: str
    sign: int
    is_metric: bool

    def exhausted(self, values: list[float], patience: int) -> bool:
        """Whether the best of all values, the oldest first, is `patience` values old.

        What is not a number is never best.
        """
        ranks = [self.sign * value for value in values]
        good = [rank for rank in ranks if not math.isnan(rank)]
        best = ranks.index(min(good)) if good else -1
        return len(values) - 1 - best >= patience


def ranking(wish: Any, key: str, judge: Judge) -> Ranking | None:
    """What `by` and `goal` of a node ask for; None where they ask for nothing.

    A name that is no metric is one of a measure. Raises ConfigError for the beginning of several
    names, and for a measure where only metrics will do.
    """
    if wish.by is None:
        return None
    full = named(wish.by, judge.goals, judge.extractor_name)
    if full is None and ("/" not in wish.by or key == "early_stopping"):
        begun = [name for name in judge.goals if name.startswith(wish.by)] or list(judge.goals)
        names = "\n  ".join(begun) or "none: choose some with metrics="
        also = "" if key == "early_stopping" else ", and measures such as generator/loss"
        raise ConfigError(f"{key}.by={wish.by}: no such metric; there are{also}\n  {names}")
    goal = judge.goals[full] if full and wish.goal == "auto" else wish.goal
    return Ranking(full or wish.by, -1 if goal == "max" else 1, full is not None)
