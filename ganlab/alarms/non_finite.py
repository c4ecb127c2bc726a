"""Numbers that are none."""

import math

from ganlab.alarms.alarm import Alarm, History

LEFT_OUT = "health/left_out"


class NonFinite(Alarm):
    """A measure was not finite, or steps were left out, in `times` or more of the `recent` logs.

    Steps are left out under `on_nan=skip` only; otherwise the run has stopped by then.
    """

    def __init__(self, times: int, recent: int):
        self.times, self.recent = times, recent

    def __call__(self, history: History) -> str | None:
        for name, series in history.items():
            recent = [value for _, value in list(series)[-self.recent :]]
            bad = sum(is_bad(name, value) for value in recent)
            if bad >= self.times:
                what = "steps were left out" if name == LEFT_OUT else f"{name} was not finite"
                return (
                    f"{what} in {bad} of the last {len(recent)} logs; try on_nan=rollback, "
                    "runtime.precision=fp32, a lower optimizer.lr, or penalty=r1, which bounds "
                    "the discriminator's gradients (Mescheder 2018)"
                )
        return None


def is_bad(name: str, value: float) -> bool:
    """Whether a value is not finite, or counts steps that were left out."""
    return not math.isfinite(value) or (name == LEFT_OUT and value > 0)
