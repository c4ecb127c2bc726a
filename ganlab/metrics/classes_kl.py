"""How far the fakes' class shares are from the expected ones."""

import torch
from torch import Tensor

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import answers_of
from ganlab.metrics.metric import Metric, Verdict


class ClassesKL(Metric):
    """KL(fakes' class shares || expected shares), in nats.

    n perfect samples of K classes have about (K - 1) / 2n. Metz et al. 2017, Unrolled Generative
    Adversarial Networks, arXiv:1611.02163, section 3.3.
    """

    gives = ("classes_kl",)

    def __call__(self, case: Case) -> Verdict:
        real, fake = (answers_of(side).histogram.double() for side in (case.real, case.fake))
        return {"classes_kl": divergence(fake / fake.sum(), expected(real))}


def expected(counts: Tensor) -> Tensor:
    """The class shares (K,) to expect, judging by a histogram (K,) of real samples.

    Equal shares, unless the histogram is twice as far from them as chance alone puts it: only then
    are the true shares nearer to the histogram's than to equal ones. So the thousand modes of
    stacked MNIST count as equal, as in the literature, until there are enough samples to tell. Half
    a sample more in every class keeps divergences finite.
    """
    classes, total = len(counts), float(counts.sum())
    equal = torch.full_like(counts, 1 / classes)
    chance = (classes - 1) / (2 * total)
    if divergence(counts / total, equal) <= 2 * chance:
        return equal
    return (counts + 0.5) / (total + 0.5 * classes)


def divergence(p: Tensor, q: Tensor) -> float:
    """KL(p || q) in nats, of shares (K,); all of q positive."""
    return float(torch.special.xlogy(p, p / q).sum())
