"""A discriminator that projects a sample's features onto its label."""

from typing import Any

from torch import Tensor, nn

from ganlab.games.conditional import Matching
from ganlab.games.game import replaced


class Projection(Matching):
    """A conditional GAN whose discriminator says linear(h) + <embed(y), h> of features h.

    Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv 1802.05637, equation 4.
    """

    def __init__(self, network: Any, classes: int, **rest: Any) -> None:
        def discriminator(shape: tuple[int, ...], outputs: int) -> nn.Module:
            return Discriminator(network, shape, outputs, classes)

        told = replaced(network, discriminator=discriminator)
        super().__init__(network=told, classes=classes, **rest)


class Discriminator(nn.Module):
    """(samples, label) to logits (N, outputs), by any network's features."""

    def __init__(self, network: Any, shape: tuple[int, ...], outputs: int, classes: int) -> None:
        super().__init__()
        self.network = network.discriminator(shape, outputs)
        self.embedding = network.embedding(classes, self.network.head.in_features)

    def features(self, x: Tensor, label: Tensor) -> Tensor:
        """(N, F), whatever the label."""
        return self.network.features(x)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        h = self.network.features(x)
        # The embedding is float32, and so is the product, under autocast too.
        return self.network.head(h) + (self.embedding(label) * h).sum(1, keepdim=True)
