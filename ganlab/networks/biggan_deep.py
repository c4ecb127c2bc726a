"""The networks of BigGAN-deep: bottlenecks, two a resolution (arXiv 1809.11096, appendix B)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganlab.networks import biggan
from ganlab.networks.conditional import ConditionalNorm
from ganlab.networks.layers import NORMS_2D, normalisation

RATIO = 4
"""Of a block's width to its bottleneck's."""


def bottleneck(inputs: int, narrow: int, outputs: int) -> list[nn.Module]:
    """The convolutions of a block: 1x1 down, 3x3, 3x3, 1x1 up."""
    return [
        nn.Conv2d(inputs, narrow, 1),
        nn.Conv2d(narrow, narrow, 3, padding=1),
        nn.Conv2d(narrow, narrow, 3, padding=1),
        nn.Conv2d(narrow, outputs, 1),
    ]


class Expand(nn.Module):
    """A block of the generator, each convolution behind a conditional norm and ReLU.

    x (N, inputs, S, S) and a code (N, D) to (N, width, S, S), or 2 S where it doubles. The shortcut
    has no weights: it leaves out the last channels.
    """

    def __init__(self, inputs: int, width: int, code: int, norm: str, double: bool) -> None:
        super().__init__()
        self.width = width
        narrow = max(inputs // RATIO, 1)
        self.norms = nn.ModuleList(
            ConditionalNorm(channels, code, norm) for channels in (inputs, *[narrow] * 3)
        )
        self.convolutions = nn.ModuleList(bottleneck(inputs, narrow, width))
        self.resize: nn.Module = nn.Upsample(scale_factor=2) if double else nn.Identity()

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        h = x
        for k, (norm, convolution) in enumerate(zip(self.norms, self.convolutions, strict=True)):
            h = F.relu(norm(h, code))
            h = convolution(self.resize(h) if k == 1 else h)
        return h + self.resize(x[:, : self.width])


class Up(nn.Module):
    """Two blocks, of which the second doubles the picture and narrows it."""

    def __init__(self, inputs: int, width: int, code: int, norm: str) -> None:
        super().__init__()
        self.keeping = Expand(inputs, inputs, code, norm, double=False)
        self.doubling = Expand(inputs, width, code, norm, double=True)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        return self.doubling(self.keeping(x, code), code)


class Reduce(nn.Module):
    """A block of the discriminator, each convolution behind a norm and ReLU; halves where asked.

    The shortcut's weights are those of the channels that are new.
    """

    def __init__(self, inputs: int, width: int, norm: str, halve: bool) -> None:
        super().__init__()
        normalise = normalisation(NORMS_2D, norm)
        narrow = max(width // RATIO, 1)
        *inner, self.widen = bottleneck(inputs, narrow, width)
        layers: list[nn.Module] = []
        for channels, convolution in zip((inputs, narrow, narrow), inner, strict=True):
            layers += [normalise(channels), nn.ReLU(), convolution]
        self.inner = nn.Sequential(*layers, normalise(narrow), nn.ReLU())
        self.pool: nn.Module = nn.AvgPool2d(2) if halve else nn.Identity()
        self.new = nn.Conv2d(inputs, width - inputs, 1) if width > inputs else None

    def forward(self, x: Tensor) -> Tensor:
        h, kept = self.widen(self.pool(self.inner(x))), self.pool(x)
        return h + (torch.cat([kept, self.new(kept)], dim=1) if self.new else kept)


class Generator(biggan.Generator):
    """z (N, latent), whole, to the first layer and to every block; pictures (N, C, H, W)."""

    name: ClassVar[str] = "biggan_deep"
    block: ClassVar[type[nn.Module]] = Up

    def codes(self, z: Tensor) -> Sequence[Tensor]:
        return [z] * (self.doublings + 1)


class Discriminator(biggan.Discriminator):
    """Pictures (N, C, H, W) to (N, outputs): a convolution, then two blocks for each halving."""

    name: ClassVar[str] = "biggan_deep"

    @staticmethod
    def stages(channels: int, widths: list[int], norm: str, halvings: int) -> list[nn.Module]:
        stages = [
            nn.Sequential(
                Reduce(inputs, outputs, norm, halve=k < halvings),
                Reduce(outputs, outputs, norm, halve=False),
            )
            for k, (inputs, outputs) in enumerate(pairwise(widths))
        ]
        stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        return [nn.Sequential(stem, *stages[0]), *stages[1:]]
