"""Density: precision that counts, so that one stray real sample does not excuse many fakes."""

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import features_of
from ganlab.metrics.metric import Metric, Verdict
from ganlab.metrics.neighbours import inside


class Density(Metric):
    """In how many balls around real samples a fake lies on average, in units of k.

    About 1 where both sides agree, and above where fakes crowd. Naeem et al. 2020, Reliable
    Fidelity and Diversity Metrics for Generative Models, arXiv:2002.09797, section 3.
    """

    gives = ("density",)
    goal = "max"

    def __init__(self, k: int):
        self.k = k

    def __call__(self, case: Case) -> Verdict:
        fake = features_of(case.fake)
        balls = sum(int(band.sum()) for band in inside(fake, features_of(case.real), self.k))
        return {"density": balls / (self.k * len(fake))}
