"""The boundary equilibrium loss: how hard the discriminator works against fakes is balanced."""

from typing import ClassVar

import torch
from torch import Tensor

from ganlab.losses.loss import Loss
from ganlab.processes import gathered


class BEGAN(Loss):
    """D minimises L(real) - k L(fake), G minimises L(fake), of energies L, minus the logits.

    After each move of the discriminator k <- clip(k + rate (gamma L(real) - L(fake)), 0, 1), from
    0, by the energies of that turn's samples; `gamma` is L(fake) / L(real) at equilibrium, 0 to 1.
    Measures the `balance` k, the `surplus` gamma L(real) - L(fake), and `convergence`, L(real) +
    |surplus|. Berthelot et al. 2017, BEGAN, arXiv:1703.10717, sections 3.3 and 3.4.
    """

    energy: ClassVar[bool] = True
    k: Tensor

    def __init__(self, gamma: float, rate: float) -> None:
        super().__init__()
        self.gamma, self.rate = gamma, rate
        self.register_buffer("k", torch.zeros(()))

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.k * fake.mean() - real.mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.mean()

    def measures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        at_real, at_fake = (-gathered(logits).detach().mean() for logits in (real, fake))
        surplus = self.gamma * at_real - at_fake
        convergence = at_real + surplus.abs()
        return {"balance": self.k.clone(), "surplus": surplus, "convergence": convergence}

    def after(self, measures: dict[str, Tensor]) -> None:
        surplus = measures["surplus"].nan_to_num(0.0, 0.0, 0.0)  # a batch may be left out
        self.k.add_(self.rate * surplus).clamp_(0, 1)
