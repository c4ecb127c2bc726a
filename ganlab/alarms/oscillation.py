"""The players run in circles around the equilibrium."""

from collections.abc import Sequence

import numpy as np

from ganlab.alarms.alarm import Alarm, History, values


class Oscillation(Alarm):
    """A loss swings with a period, and the swings do not die down.

    Of the last `logs` values, less their quadratic trend, the autocorrelation at some lag that
    fits `periods` times into them is at least `correlation`; their deviation is at least
    `amplitude` times their mean size, and in the last third at least `kept` times that in the
    first. Mescheder et al. 2018, arXiv 1801.04406, section 2: the Dirac-GAN.
    """

    def __init__(
        self,
        measures: Sequence[str],
        logs: int,
        periods: int,
        correlation: float,
        amplitude: float,
        kept: float,
    ):
        self.measures, self.logs, self.periods = measures, logs, periods
        self.correlation, self.amplitude, self.kept = correlation, amplitude, kept

    def __call__(self, history: History) -> str | None:
        for name in self.measures:
            series = values(history, name)[-self.logs :]
            if len(series) == self.logs and (lag := self.period(series)):
                rounds = [number for number, _ in history[name]]
                return (
                    f"{name} oscillates with a period of {rounds[-1] - rounds[-1 - lag]} rounds; "
                    "try penalty=r1 (Mescheder 2018), lower rates, or less momentum, such as "
                    "optimizer.betas=[0.0,0.9] (Gidel 2019)"
                )
        return None

    def period(self, series: np.ndarray) -> int | None:
        """The lag, in logs, at which the values repeat; None where they do not swing for long."""
        swings = series - trend(series)
        first, _, last = np.array_split(swings, 3)
        if swings.std() < self.amplitude * np.abs(series).mean():
            return None
        if last.std() < self.kept * first.std():
            return None
        alike = autocorrelation(swings)[: self.logs // self.periods + 1]
        if not (alike < 0).any():
            return None
        below = int(np.argmax(alike < 0))
        lag = below + int(np.argmax(alike[below:]))
        return lag if alike[lag] >= self.correlation else None


def trend(series: np.ndarray) -> np.ndarray:
    """The quadratic that fits the values (n,) best."""
    x = np.linspace(-1, 1, len(series))
    return np.polynomial.Polynomial.fit(x, series, 2)(x)


def autocorrelation(swings: np.ndarray) -> np.ndarray:
    """The correlation of values (n,) around zero with themselves at lags 0 to n - 1, unbiased."""
    n = len(swings)
    power = np.abs(np.fft.rfft(swings, 2 * n)) ** 2
    products = np.fft.irfft(power)[:n] / np.arange(n, 0, -1)
    return products / products[0]
