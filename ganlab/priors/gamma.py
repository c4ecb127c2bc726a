"""The gamma distribution."""

import math

import torch
from torch import Tensor, distributions

from ganlab.priors.prior import Prior


class Gamma(Prior):
    """Gamma of shape `concentration` > 0; any scale is the same once standardised."""

    def __init__(self, dim: int, concentration: float):
        super().__init__(dim, mean=concentration, deviation=math.sqrt(concentration))
        self.concentration = concentration

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        concentration = torch.full((n, self.dim), float(self.concentration), device=device)
        return distributions.Gamma(concentration, torch.ones_like(concentration)).sample()
