"""The normal distribution."""

import math

import torch
from torch import Tensor
from torch.special import ndtr, ndtri

from ganlab.priors.prior import Prior

EDGE = 2.0
"""In deviations: what is truncated lies within."""


class Normal(Prior):
    """N(0, 1)."""

    def __init__(self, dim: int):
        super().__init__(dim, mean=0.0, deviation=1.0)

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        return torch.randn(n, self.dim, device=device)

    def truncated(self, truncation: float) -> "Normal":
        """The same, each number within two deviations, and then times `truncation` from 0 to 1.

        Brock et al. 2019, Large Scale GAN Training, arXiv:1809.11096, section 3.1, as released.
        """
        return Truncated(self.dim, truncation)

    def divergence(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """KL(N(mean, variance) || N(0, 1)), summed over z's dimensions, mean over the batch.

        -1/2 sum(1 + log variance - mean^2 - variance); arXiv:1312.6114, appendix B.
        """
        terms = 1 + log_variance - mean.square() - log_variance.exp()
        return -0.5 * terms.sum(1).mean()

    def log_density(self, z: Tensor) -> Tensor:
        """log N(z; 0, 1), summed over z's dimensions: (n,)."""
        return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)


class Truncated(Normal):
    """A normal distribution of which only the middle is drawn, and narrowed."""

    def __init__(self, dim: int, truncation: float):
        super().__init__(dim)
        self.truncation = truncation

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        share = ndtr(super().draw(n, device).double())
        edge = ndtr(torch.tensor(-EDGE, dtype=torch.double))
        return self.truncation * ndtri(edge + share * (1 - 2 * edge)).float()
