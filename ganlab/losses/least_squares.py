"""Least squares on unbounded scores."""

from torch import Tensor

from ganlab.losses.loss import Loss


class LeastSquares(Loss):
    """D minimises (r - 1)^2 / 2 + f^2 / 2, G minimises (f - 1)^2 / 2; there is no sigmoid.

    Mao et al. 2017, Least Squares Generative Adversarial Networks, arXiv:1611.04076, equation 9
    (a = 0, b = c = 1).
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return (fake - 1).square().mean() / 2
