"""The usual loss of a GAN: its generator keeps its gradient while it loses."""

from torch import Tensor
from torch.nn.functional import softplus

from ganlab.losses.loss import Loss, cross_entropy


class NonSaturating(Loss):
    """D minimises -log s(r) - log(1 - s(f)), G minimises -log s(f).

    Goodfellow et al. 2014, Generative Adversarial Networks, arXiv:1406.2661, section 3.
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return cross_entropy(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return softplus(-fake).mean()
