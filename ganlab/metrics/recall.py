"""Recall: how much of what is real the generator can draw."""

import torch

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import features_of
from ganlab.metrics.metric import Metric, Verdict
from ganlab.metrics.neighbours import inside


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
        bands = inside(features_of(case.real), features_of(case.fake), self.k)
        return {"recall": float(torch.cat([band.any(1) for band in bands]).double().mean())}
