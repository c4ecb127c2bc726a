"""Progressively growing networks (Karras 2018, arXiv 1710.10196, tables 2 and 6)."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from ganlab.networks.dcgan import widths
from ganlab.networks.deviation import Deviation
from ganlab.networks.growth import Growing, doubled, halved
from ganlab.networks.layers import Head, picture
from ganlab.networks.weights import equalised


class PixelNorm(nn.Module):
    """Divides by the root mean square over channels (N, C, ...) at each place (equation 2)."""

    def forward(self, x: Tensor) -> Tensor:
        full = x.to(torch.promote_types(x.dtype, torch.float32))
        return (full * (full.square().mean(1, keepdim=True) + 1e-8).rsqrt()).to(x.dtype)


def convolution(inputs: int, outputs: int, size: int = 3, padding: int = 1) -> list[nn.Module]:
    """Convolve under an equalised learning rate, and leak."""
    return [equalised(nn.Conv2d(inputs, outputs, size, padding=padding)), nn.LeakyReLU(0.2)]


class Generator(Growing):
    """z (N, latent) to pictures (N, C, H, W), not bounded."""

    pictures_only: ClassVar[bool] = True

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int) -> None:
        channels, coarsest, doublings = picture(shape, "pggan", least=4, fewest=1)
        wide, *narrower = reversed(widths(width, doublings + 1))
        first = nn.Sequential(
            PixelNorm(),
            equalised(nn.Linear(latent, wide * coarsest**2)),
            nn.Unflatten(1, (wide, coarsest, coarsest)),
            nn.LeakyReLU(0.2),
            PixelNorm(),
            *convolution(wide, wide),
            PixelNorm(),
        )
        blocks: list[nn.Module] = [first]
        for before, after in zip([wide, *narrower], narrower, strict=False):
            layers = [*convolution(before, after), PixelNorm(), *convolution(after, after)]
            blocks.append(nn.Sequential(nn.Upsample(scale_factor=2), *layers, PixelNorm()))
        ends = [equalised(nn.Conv2d(each, channels, 1), gain=1) for each in [wide, *narrower]]
        super().__init__(blocks, ends)

    def forward(self, z: Tensor) -> Tensor:
        level, h = self.level, z
        for block in self.blocks[:level]:
            h = block(h)
        x = self.pictures[level](self.blocks[level](h))
        if self.fade < 1:
            x = self.mixed(doubled(self.pictures[level - 1](h)), x)
        return self.enlarged(x)


class Discriminator(Growing):
    """Pictures (N, C, H, W) to (N, outputs); it sees no detail beyond its level."""

    def __init__(self, shape: tuple[int, int, int], outputs: int, width: int, group: int) -> None:
        channels, coarsest, doublings = picture(shape, "pggan", least=4, fewest=1)
        wide, *narrower = reversed(widths(width, doublings + 1))
        last = nn.Sequential(
            Deviation(group),
            *convolution(wide + 1, wide),
            *convolution(wide, wide, coarsest, padding=0),
            nn.Flatten(),
        )
        blocks: list[nn.Module] = [last]
        for after, before in zip([wide, *narrower], narrower, strict=False):
            layers = [*convolution(before, before), *convolution(before, after)]
            blocks.append(nn.Sequential(*layers, nn.AvgPool2d(2)))
        starts: list[nn.Module] = [
            nn.Sequential(*convolution(channels, w, 1, 0)) for w in [wide, *narrower]
        ]
        super().__init__(blocks, starts)
        self.head = equalised(Head(wide, outputs), gain=1)

    def features(self, x: Tensor) -> Tensor:
        """(N, F), what the last layer sees."""
        level, x = self.level, self.shrunk(x)
        h = self.blocks[level](self.pictures[level](x))
        if self.fade < 1:
            h = self.mixed(self.pictures[level - 1](halved(x)), h)
        for block in reversed(self.blocks[:level]):
            h = block(h)
        return h

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
