"""The Weibull distribution."""

import math

import torch
from torch import Tensor

from ganlab.priors.prior import Prior


class Weibull(Prior):
    """Weibull of shape `concentration` > 0; any scale is the same once standardised.

    Drawn as E^(1 / concentration) with E exponential of rate 1.
    """

    def __init__(self, dim: int, concentration: float):
        mean = math.gamma(1 + 1 / concentration)
        variance = math.gamma(1 + 2 / concentration) - mean**2
        super().__init__(dim, mean=mean, deviation=math.sqrt(variance))
        self.concentration = concentration

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        times = torch.empty(n, self.dim, device=device).exponential_()
        return times.pow(1 / self.concentration)
