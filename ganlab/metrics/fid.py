"""The Fréchet inception distance, for the features of any extractor."""

import torch
from torch import Tensor

from ganlab.metrics.case import Case
from ganlab.metrics.extracted import moments_of
from ganlab.metrics.metric import Impossible, Metric, Verdict
from ganlab.metrics.seen import Moments


class FID(Metric):
    """The distance of Gaussians fitted to real and fake features; 0 where they agree.

    It takes in all samples, not only those kept, and falls with their number: compare equal
    numbers. Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule Converge to a Local
    Nash Equilibrium, arXiv:1706.08500, equation 6.
    """

    gives = ("fid",)

    def __call__(self, case: Case) -> Verdict:
        real, fake = moments_of(case.real), moments_of(case.fake)
        refuse_singular("fake", fake, "give {} or more (evaluate.samples)")
        refuse_singular("real", real, "choose kid, or an extractor with fewer features")
        return {"fid": frechet(real.mean, real.covariance, fake.mean, fake.covariance)}


def refuse_singular(side: str, moments: Moments, remedy: str) -> None:
    """Raise `Impossible` where a covariance is singular for want of samples."""
    dimensions = len(moments.mean)
    if moments.count <= dimensions:
        raise Impossible(
            f"{moments.count} {side} samples are too few for {dimensions} features; "
            + remedy.format(dimensions + 1)
        )


def frechet(mean1: Tensor, cov1: Tensor, mean2: Tensor, cov2: Tensor) -> float:
    """|mean1 - mean2|^2 + tr(cov1 + cov2 - 2 (cov1 cov2)^(1/2)), of float64 (D,) and (D, D)."""
    values, vectors = torch.linalg.eigh(cov1)
    root = vectors * values.clamp(min=0).sqrt()
    # root.T cov2 root is symmetric and has the eigenvalues of cov1 cov2, singular or not.
    shared = torch.linalg.eigvalsh(root.T @ cov2 @ root).clamp(min=0).sqrt().sum()
    between = (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace()
    return float(between - 2 * shared)
