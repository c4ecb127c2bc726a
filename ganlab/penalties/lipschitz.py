"""The one-sided gradient penalty of WGAN-LP."""

from typing import Any

from torch import Tensor
from torch.nn.functional import relu

from ganlab.penalties.penalty import Critic, Penalty, between, gradient_norms


class Lipschitz(Penalty):
    """weight relu(|grad| - 1)^2 between real and fake samples: slopes below 1 cost nothing.

    Petzka et al. 2018, On the Regularization of Wasserstein GANs, arXiv:1709.08894.
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
        return self.weight * relu(norms - 1).square().mean()
