"""The kernel inception distance, for the features of any extractor."""

import numpy as np
import torch
from torch import Tensor

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import features_of
from ganlab.metrics.metric import Impossible, Metric, Verdict

LEAST = 100
"""Samples a side: with fewer, two subsets hardly differ from chance."""


class KID(Metric):
    """The squared maximum mean discrepancy of real and fake features under a cubic kernel.

    Mean and deviation over random subsets, drawn from the seed as torch-fidelity draws them.
    Unlike FID it is unbiased, so that it is about 0, and at times below, where both sides agree.
    A subset is at most half of a side: of larger ones the deviation would say little, of the whole
    side nothing; their mean is the same. Binkowski et al. 2018, Demystifying MMD GANs,
    arXiv:1801.01401, section 4.
    """

    gives = ("kid", "kid_deviation")

    def __init__(self, subsets: int, subset_size: int):
        self.subsets, self.subset_size = subsets, subset_size

    def __call__(self, case: Case) -> Verdict:
        real, fake = features_of(case.real), features_of(case.fake)
        fewest = min(len(real), len(fake))
        if fewest < LEAST:
            raise Impossible(
                f"{len(fake)} fake and {len(real)} real samples, where each side needs {LEAST}; "
                f"give {LEAST} or more of either (evaluate.samples)"
            )
        size = min(self.subset_size, fewest // 2)
        random = np.random.RandomState(case.seed % 2**32)  # which torch-fidelity draws from
        discrepancies = [
            discrepancy(*(side[random.permutation(len(side))[:size]] for side in (fake, real)))
            for _ in range(self.subsets)
        ]
        return {
            "kid": float(np.mean(discrepancies)),
            "kid_deviation": float(np.std(discrepancies)),
        }


def discrepancy(x: Tensor, y: Tensor) -> float:
    """The unbiased estimate from (m, D) and (m, D) (Gretton et al. 2012, lemma 6)."""
    m = len(x)
    within = sum(total(kernel(side, side).fill_diagonal_(0)) for side in (x, y))
    return within / (m * (m - 1)) - 2 * total(kernel(x, y)) / m**2


def kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x . y / D + 1)^3, (m, m)."""
    return (x @ y.T).div_(x.shape[1]).add_(1).pow_(3)


def total(values: Tensor) -> float:
    # The sums nearly cancel; in float32 little of their difference would be left.
    return float(values.sum(dtype=torch.float64))
