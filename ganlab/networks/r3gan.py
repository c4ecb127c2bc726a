"""Residual networks of grouped convolutions, without normalisation (Huang 2024, 2501.05441)."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganlab.networks.deviation import divisor
from ganlab.networks.filters import Double, Halve
from ganlab.networks.layers import Head, picture

SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""What a leaky ReLU needs to keep the variance (He 2015, arXiv 1502.01852, section 2.2)."""
EVEN = 4
"""So many of the coarsest levels are equally wide: those up to 32 pixels."""


def widths(width: int, doublings: int) -> list[int]:
    """Channels from the coarsest level to the finest: halved with each beyond the first four."""
    return [max(1, width >> max(0, level + 1 - EVEN)) for level in range(doublings + 1)]


def scaled(layer: nn.Module, gain: float = 1.0) -> nn.Module:
    """Draw weights from N(0, gain^2 / inputs of a unit); biases start at 0."""
    weight = layer.get_parameter("weight")
    nn.init.normal_(weight, 0.0, gain / math.sqrt(weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.get_parameter("bias"))
    return layer


class Block(nn.Module):
    """Expand by a 1x1 convolution, convolve 3x3 in groups, project back, and add to the input.

    The projection starts at 0, so that the block starts as the identity, and the other two are
    scaled down by the number of `blocks` of the player to the power -1/4, as fix-up initialisation
    has it for three layers (Zhang 2019, arXiv 1901.09321).
    """

    def __init__(self, width: int, expansion: int, group_width: int, blocks: int) -> None:
        super().__init__()
        wide, gain = expansion * width, GAIN * blocks**-0.25
        groups = divisor(wide, max(1, wide // group_width))
        self.change = nn.Sequential(
            scaled(nn.Conv2d(width, wide, 1), gain),
            nn.LeakyReLU(SLOPE),
            scaled(nn.Conv2d(wide, wide, 3, padding=1, groups=groups), gain),
            nn.LeakyReLU(SLOPE),
            scaled(nn.Conv2d(wide, width, 1, bias=False), 0.0),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


def pointwise(inputs: int, outputs: int) -> nn.Module:
    """A linear map of channels, without bias; none where their number stays."""
    same = inputs == outputs
    return nn.Identity() if same else scaled(nn.Conv2d(inputs, outputs, 1, bias=False))


class Basis(nn.Module):
    """Codes (N, latent) to weights of learned patterns: (N, width, size, size)."""

    def __init__(self, latent: int, width: int, size: int) -> None:
        super().__init__()
        self.weights = scaled(nn.Linear(latent, width, bias=False))
        self.patterns = nn.Parameter(torch.randn(width, size, size))

    def forward(self, z: Tensor) -> Tensor:
        return self.weights(z)[:, :, None, None] * self.patterns


class Generator(nn.Sequential):
    """z (N, latent) to pictures (N, C, H, W), not bounded."""

    pictures_only: ClassVar[bool] = True

    def __init__(
        self,
        latent: int,
        shape: tuple[int, int, int],
        width: int,
        depth: int,
        expansion: int,
        group_width: int,
    ) -> None:
        channels, coarsest, doublings = picture(shape, "r3gan", least=4, fewest=1)
        first, *rest = levels = widths(width, doublings)
        blocks = depth * len(levels)
        layers: list[nn.Module] = [Basis(latent, first, coarsest)]
        layers += [Block(first, expansion, group_width, blocks) for _ in range(depth)]
        for before, after in zip(levels, rest, strict=False):
            layers += [pointwise(before, after), Double(after)]
            layers += [Block(after, expansion, group_width, blocks) for _ in range(depth)]
        end = scaled(nn.Conv2d(levels[-1], channels, 1, bias=False))
        super().__init__(*layers, end)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W) to (N, outputs)."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        width: int,
        depth: int,
        expansion: int,
        group_width: int,
    ) -> None:
        super().__init__()
        channels, coarsest, doublings = picture(shape, "r3gan", least=4, fewest=1)
        first, *rest = levels = widths(width, doublings)[::-1]
        blocks = depth * len(levels)
        layers = [scaled(nn.Conv2d(channels, first, 1, bias=False))]
        layers += [Block(first, expansion, group_width, blocks) for _ in range(depth)]
        for before, after in zip(levels, rest, strict=False):
            layers += [Halve(before), pointwise(before, after)]
            layers += [Block(after, expansion, group_width, blocks) for _ in range(depth)]
        last = levels[-1]
        layers += [scaled(nn.Conv2d(last, last, coarsest, groups=last, bias=False)), nn.Flatten()]
        self.features = nn.Sequential(*layers)
        self.head = scaled(Head(last, outputs, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
