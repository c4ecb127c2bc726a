"""The relativistic average loss with squares for logarithms."""

from typing import ClassVar

from torch import Tensor

from ganlab.losses.loss import Loss
from ganlab.losses.relativistic_average import batch_mean


class RelativisticAverageLeastSquares(Loss):
    """D minimises [(r - mean f - 1)^2 + (f - mean r + 1)^2] / 2, G the same, r and f swapped.

    The means are over the whole batch, and learn too. Jolicoeur-Martineau 2018, The relativistic
    discriminator, arXiv:1807.00734, section 4.3 (RaLSGAN); the half is the released code's.
    """

    paired: ClassVar[bool] = True
    decides: ClassVar[bool] = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        above, below = real - batch_mean(fake), fake - batch_mean(real)
        return ((above - 1).square().mean() + (below + 1).square().mean()) / 2

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        assert real is not None
        return self.discriminator(fake, real)
