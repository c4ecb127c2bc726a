"""What an alarm is."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

History = Mapping[str, Sequence[tuple[int, float]]]
"""Of each measure the (round, value) pairs that were logged most recently, oldest first."""


class Alarm(ABC):
    """One way in which a run goes bad; its thresholds come from its YAML file."""

    @abstractmethod
    def __call__(self, history: History) -> str | None:
        """What is wrong, by which numbers, and what to try, in one line; None where all is well.

        It is asked after every logged round, and a warning is made of what it begins to say.
        """


def values(history: History, name: str) -> np.ndarray:
    """The finite values of a measure, float64 (n,), oldest first; none where nobody measured it."""
    return np.array([value for _, value in history.get(name, ()) if math.isfinite(value)])
