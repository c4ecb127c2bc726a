"""The binomial distribution."""

import math

import torch
from torch import Tensor

from ganlab.priors.prior import Prior


class Binomial(Prior):
    """Successes among `trials` >= 1, each with `probability` in (0, 1)."""

    def __init__(self, dim: int, trials: int, probability: float):
        mean = trials * probability
        super().__init__(dim, mean=mean, deviation=math.sqrt(mean * (1 - probability)))
        self.trials = trials
        self.probability = probability

    def draw(self, n: int, device: torch.device | str) -> Tensor:
        trials = torch.full((n, self.dim), float(self.trials), device=device)
        return torch.binomial(trials, torch.full_like(trials, self.probability))
