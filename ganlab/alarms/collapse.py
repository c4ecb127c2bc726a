"""The generator draws the same few samples again and again."""

from ganlab.alarms.alarm import Alarm, History, values


class Collapse(Alarm):
    """The diversity of samples fell, or it never rose.

    It fell where the last `probes` are all below `low` and one before had reached `high`; it never
    rose where all are below `low` and `patience` rounds were played. Diversity is 0 where all
    samples are one and 1 where they differ as much as real ones.
    """

    def __init__(self, low: float, high: float, probes: int, patience: int):
        self.low, self.high, self.probes, self.patience = low, high, probes, patience

    def __call__(self, history: History) -> str | None:
        diversity = values(history, "health/diversity")
        before, now = diversity[: -self.probes], diversity[-self.probes :]
        if len(now) < self.probes or now.max() >= self.low:
            return None
        fell = len(before) > 0 and before.max() >= self.high
        rounds = history["health/diversity"][-1][0]
        stayed = diversity.max() < self.low and rounds >= self.patience
        if not (fell or stayed):
            return None
        was = f"fell from {before.max():.2f} to" if fell else "stays at"
        return (
            f"mode collapse: the diversity of samples {was} {now[-1]:.2f} (1 is that of real "
            "ones); try model=wgan_gp (Gulrajani 2017), penalty=dragan (Kodali 2017) or lower rates"
        )
