"""Losses or gradients grow without end."""

from collections.abc import Sequence
from fnmatch import fnmatch

import numpy as np

from ganlab.alarms.alarm import Alarm, History, values


class Divergence(Alarm):
    """A measure has grown by orders of magnitude since early in its history.

    The median size of the last `recent` logs is above `factor` times that of the first quarter
    and above `size`. `measures` are patterns of names; a critic's scores, and with them the
    generator's loss, may drift without harm and do not belong there.
    """

    def __init__(self, measures: Sequence[str], factor: float, size: float, recent: int):
        self.measures, self.factor, self.size, self.recent = measures, factor, size, recent

    def __call__(self, history: History) -> str | None:
        names = [n for n in history if any(fnmatch(n, pattern) for pattern in self.measures)]
        told = (self.judged(name, np.abs(values(history, name))) for name in names)
        return next(filter(None, told), None)

    def judged(self, name: str, sizes: np.ndarray) -> str | None:
        """What is to be said of one measure."""
        if len(sizes) < 4 * self.recent or sizes[-1] < self.size:
            return None
        before = float(np.median(sizes[: len(sizes) // 4]))
        now = float(np.median(sizes[-self.recent :]))
        if now < max(self.factor * before, self.size):
            return None
        return (
            f"{name} diverges: its size grew from {before:.2g} to {now:.2g}; try a lower "
            "optimizer.lr, or a penalty that keeps the discriminator's slope bounded, such as "
            "penalty=gradient (Gulrajani 2017) or r1 (Mescheder 2018)"
        )
