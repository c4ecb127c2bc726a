"""Fully connected networks for pictures and for vectors."""

import math

from torch import Tensor, nn

from ganlab.networks.layers import NORMS_1D, Head, dropped, normalisation


def hidden(
    inputs: int, width: int, depth: int, norm: str, activation: nn.Module, dropout: float = 0.0
) -> list[nn.Module]:
    """`depth` blocks of linear, norm, activation and dropout."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(inputs, width), normalisation(NORMS_1D, norm)(width), activation]
        layers += dropped(dropout)
        inputs = width
    return layers


class Generator(nn.Sequential):
    """z (N, latent) to samples (N, *shape); pictures end in tanh, vectors are unbounded."""

    def __init__(
        self, latent: int, shape: tuple[int, ...], width: int, depth: int, norm: str
    ) -> None:
        super().__init__(
            *hidden(latent, width, depth, norm, nn.ReLU()),
            nn.Linear(width, math.prod(shape)),
            nn.Tanh() if len(shape) == 3 else nn.Identity(),
            nn.Unflatten(1, shape),
        )


class Discriminator(nn.Module):
    """Samples (N, *shape) to (N, outputs)."""

    def __init__(
        self,
        shape: tuple[int, ...],
        outputs: int,
        width: int,
        depth: int,
        norm: str,
        dropout: float,
    ) -> None:
        super().__init__()
        blocks = hidden(math.prod(shape), width, depth, norm, nn.LeakyReLU(0.2), dropout)
        self.features = nn.Sequential(nn.Flatten(), *blocks)
        self.head = Head(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
