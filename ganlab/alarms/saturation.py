"""The discriminator has won, and the generator learns nothing more from it."""

import numpy as np

from ganlab.alarms.alarm import Alarm, History, values


class Saturation(Alarm):
    """The discriminator tells all samples apart, and the generator's gradient has vanished.

    Both are needed: a critic may tell all samples apart and still say where to go. `accuracy` is
    the least of the last `probes`. The gradient has vanished where the loss passes on less than
    `vanished` of the discriminator's slope, or the median norm of the last `recent` logs is below
    `vanished` times the 90% quantile of the logs before.
    Arjovsky & Bottou 2017, arXiv 1701.04862, theorem 2.4.
    """

    def __init__(self, accuracy: float, probes: int, vanished: float, recent: int):
        self.accuracy, self.probes = accuracy, probes
        self.vanished, self.recent = vanished, recent

    def __call__(self, history: History) -> str | None:
        accuracies = values(history, "health/accuracy")[-self.probes :]
        if len(accuracies) < self.probes or accuracies.min() < self.accuracy:
            return None
        gradient = self.of_loss(history) or self.of_norm(history)
        return gradient and (
            f"the discriminator is saturated: it tells {accuracies[-1]:.1%} of pairs apart, and "
            f"{gradient}; try loss=non_saturating (Goodfellow 2014, section 3), penalty=r1 "
            "(Mescheder 2018) or a lower rate of the discriminator"
        )

    def of_loss(self, history: History) -> str | None:
        """How little of the discriminator's slope reaches the generator, if it is so."""
        slopes = values(history, "health/slope")[-self.probes :]
        if len(slopes) < self.probes or slopes.max() >= self.vanished:
            return None
        return f"the generator's loss passes on {slopes[-1]:.2%} of its slope"

    def of_norm(self, history: History) -> str | None:
        """How far the generator's gradient has fallen, if it has vanished."""
        norms = values(history, "generator/gradient_norm")
        if len(norms) < 2 * self.recent:
            return None
        before = float(np.quantile(norms[: -self.recent], 0.9))
        now = float(np.median(norms[-self.recent :]))
        if now >= self.vanished * before:
            return None
        return f"the generator's gradient fell from {before:.2g} to {now:.2g}"
