"""The gradient penalty of WGAN-GP."""

from typing import Any

from torch import Tensor

from ganlab.penalties.penalty import Critic, Penalty, between, gradient_norms


class Gradient(Penalty):
    """weight (|grad| - 1)^2 at points between real and fake samples, mean over the batch.

    The norm is over all dimensions of a sample, so the critic must not normalise over the batch.
    Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028, equation 3.
    """

    def __init__(self, weight: float, **rest: Any):
        super().__init__(**rest)
        self.weight = weight

    def forward(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        norms = gradient_norms(critic, between(real, fake))
        return self.weight * (norms - 1).square().mean()
