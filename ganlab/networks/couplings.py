"""Affine couplings, which are easily inverted (Dinh 2017, arXiv 1605.08803)."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from ganlab.networks.layers import NORMS_1D, NORMS_2D, normalisation


class Coupling(nn.Module):
    """y = b x + (1 - b) (x exp(s(b x)) + t(b x)) for a mask b of zeros and ones (equation 9).

    `network` gives the logarithms of scales s, before a tanh with a learnt factor, and shifts t,
    one after the other along dimension 1.
    """

    mask: Tensor

    def __init__(self, mask: Tensor, network: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mask", mask)
        self.network = network
        self.factor = nn.Parameter(torch.ones(len(mask), *[1] * (mask.dim() - 1)))

    def affine(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logarithms of scales and shifts, both 0 where the mask is 1."""
        scale, shift = self.network(x * self.mask).float().chunk(2, dim=1)
        others = 1 - self.mask
        return others * self.factor * scale.tanh(), others * shift

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = self.affine(x)
        return x * scale.exp() + shift, scale.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        scale, shift = self.affine(y)
        return (y - shift) * (-scale).exp()


class Couplings(nn.ModuleList):
    """Couplings one after the other, from pairs of mask and network."""

    def __init__(self, parts: Iterable[tuple[Tensor, nn.Module]]) -> None:
        super().__init__(Coupling(mask, network) for mask, network in parts)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        gained = x.new_zeros(len(x))
        for coupling in self:
            x, more = coupling(x)
            gained = gained + more
        return x, gained

    def inverse(self, y: Tensor) -> Tensor:
        for coupling in reversed(self):
            y = coupling.inverse(y)  # type: ignore[operator]
        return y


def parities(size: int, k: int) -> Tensor:
    """(size,): every other dimension, beginning with the k-th."""
    return ((torch.arange(size) + k) % 2).float()


def checkerboard(side: int, channels: int, k: int) -> Tensor:
    """(channels, side, side): every other pixel, beginning with the k-th."""
    places = torch.arange(side)
    return ((places[:, None] + places + k) % 2).float().expand(channels, -1, -1).clone()


def halves(channels: int, k: int) -> Tensor:
    """(channels, 1, 1): the second half of the channels, or the first where k is odd."""
    return ((torch.arange(channels) >= channels // 2) ^ bool(k % 2)).float()[:, None, None]


class Residual(nn.Module):
    """norm, ReLU, convolve, norm, ReLU, convolve, added to what came in."""

    def __init__(self, width: int, normalise: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            normalise(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            normalise(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def convolutional(channels: int, width: int, depth: int, norm: str) -> nn.Module:
    """Scales and shifts of pictures by `depth` residual blocks; nothing is changed at first."""
    normalise = normalisation(NORMS_2D, norm)
    return silent(
        nn.Conv2d(channels, width, 3, padding=1),
        *(Residual(width, normalise) for _ in range(depth)),
        normalise(width),
        nn.ReLU(),
        nn.Conv2d(width, 2 * channels, 3, padding=1),
    )


def dense(size: int, width: int, depth: int, norm: str) -> nn.Module:
    """Scales and shifts of vectors by `depth` hidden layers; nothing is changed at first."""
    layers: list[nn.Module] = []
    inputs = size
    for _ in range(depth):
        layers += [nn.Linear(inputs, width), normalisation(NORMS_1D, norm)(width), nn.ReLU()]
        inputs = width
    return silent(*layers, nn.Linear(inputs, 2 * size))


def silent(*layers: nn.Module) -> nn.Module:
    """Layers one after the other, of which the last begins with zeros."""
    for parameter in layers[-1].parameters():
        nn.init.zeros_(parameter)
    return nn.Sequential(*layers)
