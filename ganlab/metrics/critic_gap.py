"""Whether the run's critic knows the training pictures by heart."""

import torch

from ganlab.metrics.case import Case
from ganlab.metrics.metric import Impossible, Metric, Verdict


class CriticGap(Metric):
    """The mean score of training pictures less that of held-out ones, in deviations of the latter.

    About 0 where the critic cannot tell them apart, to within sqrt(2 / samples); growing where it
    overfits, which then misleads the generator. Karras et al. 2020, Training Generative Adversarial
    Networks with Limited Data, arXiv:2006.06676, section 2, figure 1b.
    """

    gives = ("critic_gap",)
    by_features = False

    def __init__(self, samples: int):
        self.samples = samples

    def __call__(self, case: Case) -> Verdict:
        held_out = case.critic(case.held_out.samples[: self.samples]).double()
        # At random, because training pictures may be sorted by class.
        generator = torch.Generator().manual_seed(case.seed)
        index = torch.randperm(case.training.count, generator=generator)[: self.samples]
        training = case.critic(case.training.pictures(index)).double()
        deviation = float(held_out.std())
        if not deviation > 0:
            raise Impossible("the critic scores all held-out pictures alike; train it further")
        return {"critic_gap": float(training.mean() - held_out.mean()) / deviation}
