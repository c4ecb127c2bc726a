"""What a loss offers a game, and what several losses share."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import softplus


class Loss(nn.Module, ABC):
    """What discriminator and generator minimise, from float32 logits of shape (N,)."""

    paired: ClassVar[bool] = False
    """Whether the generator's turn needs the logits of real samples as well."""
    decides: ClassVar[bool] = True
    """Whether logits above 0 say that a sample is real, if only roughly."""
    energy: ClassVar[bool] = False
    """Whether the logits must be an autoencoder's energies, negated, and so at most 0."""

    def __init__(self) -> None:  # nn.Module's own signature would accept any key of a YAML file
        super().__init__()

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The scalar that the discriminator minimises."""

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The scalar that the generator minimises; `real` is given where the loss is `paired`."""

    def measures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Further detached scalars of the discriminator's turn that are worth logging, by name."""
        return {}

    def after(self, measures: dict[str, Tensor]) -> None:
        """Called once the discriminator has moved, with what its turn measured."""


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """-log s(real) - log(1 - s(fake)), means over the batch; 2 ln 2 at equilibrium."""
    return softplus(-real).mean() + softplus(fake).mean()
