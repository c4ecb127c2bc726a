"""The dual form of the Wasserstein distance."""

from typing import ClassVar

from torch import Tensor

from ganlab.losses.loss import Loss


class Wasserstein(Loss):
    """The critic minimises f - r, G minimises -f; the critic must be kept Lipschitz.

    Measures `wasserstein_estimate`, r - f: the distance, up to the critic's Lipschitz constant.
    Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875, equation 2 and algorithm 1.
    """

    decides: ClassVar[bool] = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() - real.mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.mean()

    def measures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        return {"wasserstein_estimate": (real.mean() - fake.mean()).detach()}
