"""The inception score, for the answers of any classifier."""

import torch

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import answers_of
from ganlab.metrics.metric import Impossible, Metric, Verdict
from ganlab.metrics.seen import SPLITS


class InceptionScore(Metric):
    """exp of the mean divergence of one answer from the mean answer; from 1 to the class count.

    Mean and deviation over ten consecutive splits. It never looks at real samples. Salimans et al.
    2016, Improved Techniques for Training GANs, arXiv:1606.03498, section 4.
    """

    gives = ("inception_score", "inception_score_deviation")
    goal = "max"

    def __call__(self, case: Case) -> Verdict:
        answers = answers_of(case.fake)
        if answers.count < SPLITS:
            raise Impossible(
                f"{answers.count} fake samples do not fill {SPLITS} splits; "
                f"give {SPLITS} or more (evaluate.samples), best 5000 a split"
            )
        mean_answers = answers.probabilities / answers.counts[:, None]
        # The mean divergence is the entropy of the mean less the mean of the entropies.
        divergences = torch.special.entr(mean_answers).sum(1) - answers.entropies / answers.counts
        scores = divergences.exp()
        return {
            "inception_score": float(scores.mean()),
            "inception_score_deviation": float(scores.std(correction=0)),
        }
