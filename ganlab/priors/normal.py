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
