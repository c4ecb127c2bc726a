"""The relativistic average loss: a real sample shall be more real than fakes are on average."""

from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from ganlab.losses.loss import Loss
from ganlab.processes import Sum, count


class RelativisticAverage(Loss):
    """D minimises [-log s(r - mean f) - log s(mean r - f)] / 2, G the same with r and f swapped.

    The means are over the whole batch, and learn too. Jolicoeur-Martineau 2018, The relativistic
    discriminator, arXiv:1807.00734, section 4.2 and algorithm 2; the half is the released code's.
    """

    paired: ClassVar[bool] = True
    decides: ClassVar[bool] = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        above, below = real - batch_mean(fake), fake - batch_mean(real)
        return (softplus(-above).mean() + softplus(below).mean()) / 2

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        assert real is not None
        return self.discriminator(fake, real)


def batch_mean(logits: Tensor) -> Tensor:
    """The mean over all samples of all processes, differentiable; of each output by itself."""
    return Sum.apply(logits.mean(0)) / count()
