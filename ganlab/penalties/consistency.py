"""The consistency term of CT-GAN, on top of the gradient penalty."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import relu

from ganlab.penalties.gradient import Gradient
from ganlab.penalties.penalty import Critic


class Consistency(Gradient):
    """The gradient penalty, and how much passes of different dropout disagree on real samples.

    The mean of relu(consistency ((D - D')^2 + features mean (h - h')^2) - margin) is added, of
    logits D and of what the last layer sees, h. D is from the pass that the loss was made of; one
    more pass gives D', and two give h and h'. Without dropout it is exactly 0.
    Wei et al. 2018, Improving the Improved Training of Wasserstein GANs, arXiv:1803.01541,
    equations 4 and 5; the margin M' is subtracted after weighing, as in the released code.
    """

    dropout: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("real",)
    """D is compared with D', which is in full precision, and so must D be."""

    def __init__(
        self, weight: float, consistency: float, features: float, margin: float, **rest: Any
    ) -> None:
        super().__init__(weight, **rest)
        self.consistency, self.features, self.margin = consistency, features, margin

    def forward(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        real_logits: Tensor,
        fake_logits: Tensor,
    ) -> Tensor:
        slopes = super().forward(critic, real, fake, real_logits, fake_logits)
        with torch.autocast(real.device.type, enabled=False):
            said = apart(real_logits, critic(real))
            seen = apart(critic.features(real), critic.features(real))
        disagreement = self.consistency * (said + self.features * seen)
        return slopes + relu(disagreement - self.margin).mean()


def apart(one: Tensor, other: Tensor) -> Tensor:
    """The mean squared difference of each row with its counterpart: (N,)."""
    return (one - other).square().reshape(len(one), -1).mean(1)
