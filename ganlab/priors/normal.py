"""The normal distribution."""

import torch
from torch import Tensor

from ganlab.priors.prior import Prior


class Normal(Prior):
    """N(0, 1)."""

    def __init__(self, dim: int):
        super().__init__(dim, mean=0.0, deviation=1.0)

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        return torch.randn(n, self.dim, device=device)

    def divergence(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """KL(N(mean, variance) || N(0, 1)), summed over z's dimensions, mean over the batch.

        -1/2 sum(1 + log variance - mean^2 - variance); arXiv:1312.6114, appendix B.
        """
        terms = 1 + log_variance - mean.square() - log_variance.exp()
        return -0.5 * terms.sum(1).mean()
