"""The f-divergences as losses: a discriminator that estimates one, a generator that lowers it.

V is what the discriminator says of a sample, g keeps it within the domain of f*, the conjugate of
f; f*(g(V)) is written as one expression, since its parts overflow where it does not. Where KL
takes e^V, reverse KL, Neyman and Hellinger e^-V, and Jeffrey what grows like it, no arithmetic
helps beyond |V| = 88: the divergence itself is that large.
"""

import math
from abc import abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ganlab.losses.loss import Loss


class Divergence(Loss):
    """D maximises E_p g(V) - E_q f*(g(V)), whose greatest value is D_f = E_q f(p / q); G lowers it.

    With `saturating` the generator minimises -E_q f*(g(V)), the same objective; without, it
    maximises E_q g(V), as section 3.2 of the paper advises. Measures `divergence_estimate`, the
    objective: a lower bound of the divergence of the real distribution p from the generated q.

    Real and fake are told apart where g(V) is the `threshold` f'(1), which is not always 0: it is
    V = 1 for KL, and V = 0 for the others. Nowozin et al. 2016, f-GAN, arXiv:1606.00709,
    equations 6 and 7 and table 6.
    """

    threshold: ClassVar[float]

    def __init__(self, saturating: bool) -> None:
        super().__init__()
        self.saturating = saturating

    @abstractmethod
    def activation(self, v: Tensor) -> Tensor:
        """g(v), increasing in v."""

    @abstractmethod
    def conjugate(self, v: Tensor) -> Tensor:
        """f*(g(v)), increasing in v."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.conjugate(fake).mean() - self.activation(real).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -(self.conjugate(fake) if self.saturating else self.activation(fake)).mean()

    def measures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        return {"divergence_estimate": -self.discriminator(real, fake).detach()}


class TotalVariation(Divergence):
    """f(u) = |u - 1| / 2."""

    threshold = 0.0

    def activation(self, v: Tensor) -> Tensor:
        return v.tanh() / 2

    def conjugate(self, v: Tensor) -> Tensor:
        return v.tanh() / 2


class KL(Divergence):
    """f(u) = u ln u."""

    threshold = 1.0

    def activation(self, v: Tensor) -> Tensor:
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        return (v - 1).exp()


class ReverseKL(Divergence):
    """f(u) = -ln u."""

    threshold = -1.0

    def activation(self, v: Tensor) -> Tensor:
        return -(-v).exp()

    def conjugate(self, v: Tensor) -> Tensor:
        return v - 1


class Pearson(Divergence):
    """f(u) = (u - 1)^2 for u >= 0, and so f*(t) = -1 below t = -2."""

    threshold = 0.0

    def activation(self, v: Tensor) -> Tensor:
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        t = v.clamp(min=-2)
        return t.square() / 4 + t


class Neyman(Divergence):
    """f(u) = (1 - u)^2 / u."""

    threshold = 0.0

    def activation(self, v: Tensor) -> Tensor:
        return -(-v).expm1()

    def conjugate(self, v: Tensor) -> Tensor:
        return -2 * (-v / 2).expm1()


class Hellinger(Divergence):
    """f(u) = (sqrt u - 1)^2: the squared Hellinger distance."""

    threshold = 0.0

    def activation(self, v: Tensor) -> Tensor:
        return -(-v).expm1()

    def conjugate(self, v: Tensor) -> Tensor:
        return v.expm1()


class Jeffrey(Divergence):
    """f(u) = (u - 1) ln u.

    f*(t) = W + 1 / W + t - 2 with W = W(e^(1 - t)), of which only ln W is computed.
    """

    threshold = 0.0

    def activation(self, v: Tensor) -> Tensor:
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        log_w = LogLambertW.apply(1 - v)
        return (-log_w).expm1() - log_w  # by W + ln W = 1 - t


class JensenShannon(Divergence):
    """f(u) = u ln u - (u + 1) ln((1 + u) / 2): twice the Jensen-Shannon divergence."""

    threshold = 0.0

    def activation(self, v: Tensor) -> Tensor:
        return math.log(2) - softplus(-v)

    def conjugate(self, v: Tensor) -> Tensor:
        return softplus(v) - math.log(2)


class GAN(Divergence):
    """f(u) = u ln u - (u + 1) ln(u + 1): the original game, twice Jensen-Shannon less ln 4."""

    threshold = -math.log(2)

    def activation(self, v: Tensor) -> Tensor:
        return -softplus(-v)

    def conjugate(self, v: Tensor) -> Tensor:
        return softplus(v)


class LogLambertW(torch.autograd.Function):
    """ln W(e^s), the root y of y + e^y = s, finite for every s."""

    @staticmethod
    def forward(ctx: Any, s: Tensor) -> Tensor:
        # Both starts are above the root, from where Newton's steps fall to it without overshoot.
        y = torch.where(s > 1, s.clamp(min=1).log(), s)
        for _ in range(6):
            w = y.exp()
            y = y - (y + w - s) / (1 + w)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return gradient * (-y).sigmoid()  # 1 / (1 + e^y)
