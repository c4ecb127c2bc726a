"""How sure a classifier is of each sample."""

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import answers_of
from ganlab.metrics.metric import Metric, Verdict


class Quality(Metric):
    """The mean entropy of the classifier's answers, in nats; 0 where it is sure of every sample.

    The inception score mixes it with `Diversity`.
    """

    gives = ("quality",)

    def __call__(self, case: Case) -> Verdict:
        answers = answers_of(case.fake)
        return {"quality": float(answers.entropies.sum()) / answers.count}
