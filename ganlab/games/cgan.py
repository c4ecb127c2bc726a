"""A discriminator that sees the label beside the sample."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from ganlab.games.conditional import Matching
from ganlab.games.game import replaced


class CGAN(Matching):
    """The label enters both players (Mirza & Osindero 2014, arXiv 1411.1784, equation 2)."""

    def __init__(self, network: Any, classes: int, condition: int, **rest: Any) -> None:
        def discriminator(shape: tuple[int, ...], outputs: int) -> nn.Module:
            return Discriminator(network, shape, outputs, classes, condition)

        told = replaced(network, discriminator=discriminator)
        super().__init__(network=told, classes=classes, condition=condition, **rest)


class Discriminator(nn.Module):
    """(samples, label) to logits (N, outputs), by any network for samples with more to them.

    A picture gets one more channel, a picture learnt for each label, and a vector `condition` more
    coordinates.
    """

    def __init__(
        self, network: Any, shape: tuple[int, ...], outputs: int, classes: int, condition: int
    ) -> None:
        super().__init__()
        more = (1, *shape[1:]) if len(shape) == 3 else (condition,)
        self.embedding = nn.Embedding(classes, math.prod(more))
        self.network = network.discriminator((shape[0] + more[0], *shape[1:]), outputs)

    def joined(self, x: Tensor, label: Tensor) -> Tensor:
        """The samples and what their labels look like, as one input."""
        seen = self.embedding(label).view(len(x), -1, *x.shape[2:])
        return torch.cat([x, seen], 1)

    def features(self, x: Tensor, label: Tensor) -> Tensor:
        return self.network.features(self.joined(x, label))

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        return self.network(self.joined(x, label))
