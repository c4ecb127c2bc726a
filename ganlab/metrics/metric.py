"""What a metric is."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np

from ganlab.metrics.case import Case

Verdict = dict[str, float | np.ndarray]
"""Numbers by name, and pictures, uint8 (H, W, C), by name."""


class Impossible(Exception):
    """Why a metric cannot be had here, and what would make it possible, in one line."""


class Metric(ABC):
    """One way to judge samples; its settings come from its YAML file.

    `gives` names its numbers, the most telling first; `judges` says which data it is made for,
    `by_features` whether it looks through an extractor, whose name its numbers then carry, `goal`
    whether the least or the greatest value is best.
    """

    gives: ClassVar[tuple[str, ...]]
    judges: ClassVar[frozenset[str]] = frozenset({"pictures"})
    by_features: ClassVar[bool] = True
    goal: ClassVar[Literal["min", "max"]] = "min"

    @abstractmethod
    def __call__(self, case: Case) -> Verdict:
        """The numbers that it `gives`, and perhaps pictures, by name. Raises `Impossible`."""
