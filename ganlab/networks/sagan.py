"""Residual networks with self-attention (Zhang 2019, SAGAN, arXiv 1805.08318)."""

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganlab.networks.attention import attending
from ganlab.networks.conditional import ConditionalNorm
from ganlab.networks.layers import NORMS_2D, Head, normalisation
from ganlab.networks.pyramid import DISCRIMINATOR, FLAT, GENERATOR, pyramid
from ganlab.networks.resnet import Down, Pool


def xavier(module: nn.Module) -> None:
    """Xavier-uniform weights, biases 0, as released."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Up(nn.Module):
    """Conditional norm, ReLU, double, convolve, conditional norm, ReLU, convolve; plus a shortcut.

    x (N, inputs, S, S) and a code (N, D) to (N, width, 2 S, 2 S).
    """

    def __init__(self, inputs: int, width: int, code: int, norm: str) -> None:
        super().__init__()
        self.before = ConditionalNorm(inputs, code, norm)
        self.inner = nn.Conv2d(inputs, width, 3, padding=1)
        self.between = ConditionalNorm(width, code, norm)
        self.outer = nn.Conv2d(width, width, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, width, 1)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        h = self.inner(F.interpolate(F.relu(self.before(x, code)), scale_factor=2))
        h = self.outer(F.relu(self.between(h, code)))
        # A 1x1 convolution commutes with nearest upsampling and is cheaper before it.
        return h + F.interpolate(self.shortcut(x), scale_factor=2)


class Generator(nn.Module):
    """z (N, latent) to pictures (N, C, H, W) in [-1, 1].

    The last `condition` dimensions of z are the embedding of a label, which the norms of all blocks
    are told; the others feed the first layer.
    """

    pictures_only: ClassVar[bool] = True

    name: ClassVar[str] = "sagan"
    block: ClassVar[type[nn.Module]] = Up
    initialise = staticmethod(xavier)

    def __init__(
        self,
        latent: int,
        shape: tuple[int, int, int],
        width: int,
        norm: str,
        condition: int,
        attention: int,
    ) -> None:
        super().__init__()
        channels, coarsest, doublings = pyramid(shape, self.name)
        widths = [width * multiple for multiple in GENERATOR[doublings]]
        sizes = [coarsest * 2**level for level in range(1, doublings + 1)]
        self.noise, self.doublings = latent - condition, doublings
        first, *codes = (code.shape[1] for code in self.codes(torch.empty(0, latent)))
        self.first = nn.Linear(first, widths[0] * coarsest**2)
        self.unflatten = nn.Unflatten(1, (widths[0], coarsest, coarsest))
        self.blocks = nn.ModuleList(
            self.block(inputs, outputs, code, norm)
            for (inputs, outputs), code in zip(pairwise(widths), codes, strict=True)
        )
        self.attend = nn.ModuleList(attending(sizes, widths[1:], attention))
        self.last = nn.Sequential(
            normalisation(NORMS_2D, norm)(widths[-1]),
            nn.ReLU(),
            nn.Conv2d(widths[-1], channels, 3, padding=1),
            nn.Tanh(),
        )
        self.apply(self.initialise)

    def codes(self, z: Tensor) -> Sequence[Tensor]:
        """What the first layer is told of z, and then what each block is."""
        return [z[:, : self.noise], *[z[:, self.noise :]] * self.doublings]

    def forward(self, z: Tensor) -> Tensor:
        first, *codes = self.codes(z)
        x = self.unflatten(self.first(first))
        for block, attend, code in zip(self.blocks, self.attend, codes, strict=True):
            x = attend(block(x, code))
        return self.last(x)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W) to (N, outputs); `features` are summed over all places."""

    name: ClassVar[str] = "sagan"
    initialise = staticmethod(xavier)

    def __init__(
        self, shape: tuple[int, int, int], outputs: int, width: int, norm: str, attention: int
    ) -> None:
        super().__init__()
        channels, _, doublings = pyramid(shape, self.name)
        widths = [width * multiple for multiple in DISCRIMINATOR[doublings]]
        halvings = doublings if doublings > FLAT else doublings - 1
        stages = self.stages(channels, widths, norm, halvings)
        sizes = [shape[1] // 2 ** min(k, halvings) for k in range(1, len(stages) + 1)]
        attend = attending(sizes, widths[-len(stages) :], attention)
        self.features = nn.Sequential(
            *chain.from_iterable(zip(stages, attend, strict=True)), nn.ReLU(), Pool("sum")
        )
        self.head = Head(widths[-1], outputs)
        self.apply(self.initialise)

    @staticmethod
    def stages(channels: int, widths: list[int], norm: str, halvings: int) -> list[nn.Module]:
        """The blocks of the feature maps, of which the first so many halve the picture."""
        return [
            Down(inputs, outputs, norm, first=k == 0, halve=k < halvings)
            for k, (inputs, outputs) in enumerate(pairwise([channels, *widths]))
        ]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
