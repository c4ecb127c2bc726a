"""The gradient penalty of DRAGAN, around the real samples."""

from typing import Any

from torch import Tensor

from ganlab.draws import uniform
from ganlab.penalties.penalty import Critic, Penalty, gradient_norms, uniform_per_sample
from ganlab.processes import gathered


class Dragan(Penalty):
    """weight (|grad| - 1)^2 at real samples that noise has pushed up.

    The noise is a * spread * deviation * U[0, 1) with one a ~ U[0, 1) per sample and the deviation
    of the whole real batch, one number; it is never negative, as in the authors' code.
    Kodali et al. 2017, On Convergence and Stability of GANs, arXiv:1705.07215.
    """

    def __init__(self, weight: float, spread: float, **rest: Any):
        super().__init__(**rest)
        self.weight = weight
        self.spread = spread

    def forward(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        norms = gradient_norms(critic, self.around(real))
        return self.weight * (norms - 1).square().mean()

    def around(self, real: Tensor) -> Tensor:
        """The perturbed samples, of the shape of `real`."""
        reach = uniform_per_sample(real) * self.spread * gathered(real).std(correction=0)
        return real + reach * uniform(real, *real.shape[1:])
