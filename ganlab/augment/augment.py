"""What an augmentation offers a game."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn


class Augment(nn.Module, ABC):
    """A random change of samples, differentiable twice by them; in training mode only.

    It stands before the discriminator, so that reals, fakes and the generator's path are changed
    alike.
    """

    pictures_only: ClassVar[bool] = True
    """Whether it is for pictures (N, C, H, W) only."""

    def __init__(self) -> None:  # nn.Module's own signature would accept any key of a YAML file
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """The samples changed, or as they are in evaluation mode; of the same shape."""
        if not self.training:
            return x
        with torch.autocast(x.device.type, enabled=False):
            return self.change(x)

    @abstractmethod
    def change(self, x: Tensor) -> Tensor:
        """The samples, each changed by draws of its own."""

    def measures(self, real_logits: Tensor) -> dict[str, Tensor]:
        """Detached scalars of the discriminator's turn that are worth logging, by name."""
        return {}

    def after(self, measures: dict[str, Tensor]) -> None:
        """Called once the discriminator has moved, with its turn's measures over all processes."""
