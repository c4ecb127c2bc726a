"""Precision: how many fakes could be real."""

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import features_of
from ganlab.metrics.metric import Metric, Verdict
from ganlab.metrics.neighbours import share_inside


class Precision(Metric):
    """The share of fakes within reach of the real samples: nearer to one than its k-th neighbour.

    Kynkäänniemi et al. 2019, Improved Precision and Recall Metric for Assessing Generative Models,
    arXiv:1904.06991, equation 2.
    """

    gives = ("precision",)
    goal = "max"

    def __init__(self, k: int):
        self.k = k

    def __call__(self, case: Case) -> Verdict:
        fake, real = features_of(case.fake), features_of(case.real)
        return {"precision": share_inside(fake, real, self.k)}
