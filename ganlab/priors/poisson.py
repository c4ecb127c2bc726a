"""The Poisson distribution."""

import math

import torch
from torch import Tensor

from ganlab.priors.prior import Prior


class Poisson(Prior):
    """Counts of events that come at `rate` > 0."""

    def __init__(self, dim: int, rate: float):
        super().__init__(dim, mean=rate, deviation=math.sqrt(rate))
        self.rate = rate

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        return torch.poisson(torch.full((n, self.dim), float(self.rate), device=device))
