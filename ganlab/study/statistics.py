"""How good recipes are, from the losses of their runs: the less the better, infinite for the worst.

A run that failed or diverged has an infinite loss. It is never left out.
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

LEVEL = 0.95
RESAMPLES = 5000
"""Of the bootstrap, as many as in Lucic et al. 2018, figure 4."""
Interval = tuple[float, float]


def best_of(losses: Sequence[float], budget: int, share: float) -> float:
    """A quantile of the least of `budget` losses that are drawn from all, with replacement.

    This is what a bootstrap of endlessly many resamples finds: the least of k draws is at most the
    i-th of n sorted losses with probability 1 - (1 - i/n)^k. 0 < share < 1.
    """
    ordered = np.sort(losses)
    left = 1 - np.arange(1, len(ordered) + 1) / len(ordered)
    return float(ordered[np.searchsorted(1 - left**budget, share)])


def best_interval(losses: Sequence[float], budget: int) -> Interval:
    """Between which values 95% of searches with a budget of runs end.

    It is too narrow where the budget nears the number of losses, since no resample is better than
    the best of them.
    """
    low, high = ends()
    return best_of(losses, budget, low), best_of(losses, budget, high)


def quantile(losses: Sequence[float], share: float) -> float:
    """The value that so large a share of losses does not exceed, straight between two of them."""
    ordered = sorted(losses)
    place = share * (len(ordered) - 1)
    below, beyond = math.floor(place), place % 1
    if not beyond or math.isinf(ordered[below]):
        return ordered[below]
    return ordered[below] + beyond * (ordered[below + 1] - ordered[below])


def quartiles(losses: Sequence[float]) -> Interval:
    """A quarter of the losses lies below the first value, and a quarter above the second."""
    return quantile(losses, 0.25), quantile(losses, 0.75)


def median_interval(losses: Sequence[float], seed: int = 0) -> Interval:
    """The 95% bootstrap interval of the median, by the percentiles of its resamples."""
    drawn = np.random.default_rng(seed).choice(losses, (RESAMPLES, len(losses)))
    medians = np.median(drawn, axis=1)
    low, high = np.quantile(medians, ends(), method="inverted_cdf")
    return float(low), float(high)


def ends() -> Interval:
    """The shares that lie below the two ends of an interval."""
    return (1 - LEVEL) / 2, (1 + LEVEL) / 2


def ordering(losses: Mapping[str, float]) -> list[str]:
    """The names, the best first; equals stay in their order."""
    return sorted(losses, key=lambda name: losses[name])


def swapped(one: Mapping[str, float], other: Mapping[str, float]) -> list[tuple[str, str]]:
    """The pairs of which the first is better by `one`, and the second by `other`."""
    pairs = itertools.combinations(ordering(one), 2)
    return [(a, b) for a, b in pairs if one[a] < one[b] and other[b] < other[a]]
