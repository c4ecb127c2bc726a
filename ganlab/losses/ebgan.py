"""The energy-based loss: fakes shall have an energy of at least a margin."""

from typing import ClassVar

from torch import Tensor
from torch.nn.functional import relu

from ganlab.losses.loss import Loss


class EBGAN(Loss):
    """D minimises L(real) + relu(margin - L(fake)), G minimises L(fake), of energies L >= 0.

    The energies are the logits, negated. The pull-away term is the game's. Zhao et al. 2017,
    Energy-based Generative Adversarial Network, arXiv:1609.03126, equations 1 and 2.
    """

    energy: ClassVar[bool] = True

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return relu(self.margin + fake).mean() - real.mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.mean()
