"""The hinge loss: samples beyond the margin no longer teach the discriminator."""

from torch import Tensor
from torch.nn.functional import relu

from ganlab.losses.loss import Loss


class Hinge(Loss):
    """D minimises relu(1 - r) + relu(1 + f), G minimises -f.

    Lim & Ye 2017, Geometric GAN, arXiv:1705.02894; Miyato et al. 2018, Spectral Normalization for
    GANs, arXiv:1802.05957, equations 16 and 17.
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.mean()
