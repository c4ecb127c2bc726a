"""What a search may choose a setting from, in Hydra's grammar."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hydra.core.override_parser.types import IntervalSweep, Override

from ganlab.compose import read
from ganlab.errors import ConfigError
from ganlab.options import Options, options, user_directories
from ganlab.sweep.variations import written


@dataclass(frozen=True)
class Choice:
    """One of some values, as they are written: `32,64`, `choice(a,b)`, `range(1,6)`, `glob(*)`."""

    values: list[str]

    def draw(self, random: np.random.Generator) -> str:
        return self.values[random.integers(len(self.values))]


@dataclass(frozen=True)
class Interval:
    """A number from `low` to `high`: `interval(0,1)`, or a whole one: `int(interval(1,5))`.

    `tag(log,interval(1e-5,1e-2))` is uniform in the logarithm.
    """

    low: float
    high: float
    log: bool
    whole: bool

    def draw(self, random: np.random.Generator) -> str:
        if self.whole and not self.log:
            return self.written(int(random.integers(int(self.low), int(self.high) + 1)))
        ends = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        number = random.uniform(*ends)
        return self.written(math.exp(number) if self.log else number)

    def written(self, number: float) -> str:
        """A number of it as a word has it: of six digits, and never beyond the ends."""
        near = round(number) if self.whole else float(f"{number:.6g}")
        return str(min(max(near, self.low), self.high))


Space = Choice | Interval


def parted(words: Sequence[str], config_dir: str | None) -> tuple[list[str], dict[str, Space]]:
    """The words of one value, and the space of each key that has more.

    Raises ConfigError for an interval that is none.
    """
    groups = options(user_directories(config_dir))
    read_ones = [read(word) for word in words]
    fixed = [str(o.input_line) for o in read_ones if not o.is_sweep_override()]
    swept = {o.key_or_group: space(o, groups) for o in read_ones if o.is_sweep_override()}
    return fixed, swept


def space(override: Override, groups: Options) -> Space:
    """What a word lets its key be."""
    found = override.value()
    if not isinstance(found, IntervalSweep):
        return Choice(written(override, groups))
    log, low, high = "log" in found.tags, found.start, found.end
    assert low is not None and high is not None  # noqa: PT018, of any interval that was read
    if not (math.isfinite(low) and math.isfinite(high)) or low >= high or (log and low <= 0):
        least = "above 0 " if log else ""
        raise ConfigError(f"{override.input_line}: the first end must be {least}below the second")
    return Interval(low, high, log, isinstance(low, int) and isinstance(high, int))
