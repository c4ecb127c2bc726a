"""Coverage: recall that does not believe the reach of the fakes."""

import torch

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import features_of
from ganlab.metrics.metric import Metric, Verdict
from ganlab.metrics.neighbours import inside


class Coverage(Metric):
    """The share of real samples that have a fake nearer than their k-th real neighbour.

    With N fakes as real samples it is about 1 - 2^-k where both sides agree. Naeem et al. 2020,
    Reliable Fidelity and Diversity Metrics for Generative Models, arXiv:2002.09797, section 3.
    """

    gives = ("coverage",)
    goal = "max"

    def __init__(self, k: int):
        self.k = k

    def __call__(self, case: Case) -> Verdict:
        bands = inside(features_of(case.fake), features_of(case.real), self.k)
        covered = torch.stack([band.any(0) for band in bands]).any(0)
        return {"coverage": float(covered.double().mean())}
