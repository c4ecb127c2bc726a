"""The exponential distribution."""

import torch
from torch import Tensor

from ganlab.priors.prior import Prior


class Exponential(Prior):
    """Waiting times of rate 1; any other rate is the same once standardised."""

    def __init__(self, dim: int):
        super().__init__(dim, mean=1.0, deviation=1.0)

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        return torch.empty(n, self.dim, device=device).exponential_()
