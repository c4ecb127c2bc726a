"""Recall: how much of what is real the generator can draw."""

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import features_of
from ganlab.metrics.metric import Metric, Verdict
from ganlab.metrics.neighbours import share_inside


class Recall(Metric):
    """The share of real samples within reach of the fakes: nearer to one than its k-th neighbour.

    Kynkäänniemi et al. 2019, Improved Precision and Recall Metric for Assessing Generative Models,
    arXiv:1904.06991, equation 2.
    """

    gives = ("recall",)
    goal = "max"

    def __init__(self, k: int):
        self.k = k

    def __call__(self, case: Case) -> Verdict:
        real, fake = features_of(case.real), features_of(case.fake)
        return {"recall": share_inside(real, fake, self.k)}
