"""The uniform distribution."""

import math

import torch
from torch import Tensor

from ganlab.priors.prior import Prior


class Uniform(Prior):
    """U[0, 1), which is U[-sqrt 3, sqrt 3) once standardised."""

    def __init__(self, dim: int):
        super().__init__(dim, mean=0.5, deviation=math.sqrt(1 / 12))

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        return torch.rand(n, self.dim, device=device)
