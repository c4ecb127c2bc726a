"""The relativistic loss: a real sample shall be more real than the fake beside it."""

from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from ganlab.losses.loss import Loss


class Relativistic(Loss):
    """D minimises -log s(r - f), G minimises -log s(f - r), of each real sample and its partner.

    Jolicoeur-Martineau 2018, The relativistic discriminator, arXiv:1807.00734, equations 5 and 6;
    Huang et al. 2024, The GAN is dead; long live the GAN!, arXiv:2501.05441, equation 2.
    """

    paired: ClassVar[bool] = True
    decides: ClassVar[bool] = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        assert real is not None
        return softplus(real - fake).mean()
