"""How evenly samples spread over the classes."""

import torch

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import answers_of
from ganlab.metrics.metric import Metric, Verdict


class Diversity(Metric):
    """The entropy of the classifier's mean answer, in nats; ln K for K equally likely classes.

    The inception score mixes it with `Quality`.
    """

    gives = ("diversity",)
    goal = "max"

    def __call__(self, case: Case) -> Verdict:
        answers = answers_of(case.fake)
        mean_answer = answers.probabilities.sum(0) / answers.count
        return {"diversity": float(torch.special.entr(mean_answer).sum())}
