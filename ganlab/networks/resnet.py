"""Residual networks of WGAN-GP and SNGAN (arXiv 1704.00028 appendix F, 1802.05957 table 4)."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from ganlab.errors import ConfigError
from ganlab.networks.layers import NORMS_2D, Head, dropped, normalisation, picture


def initialise(module: nn.Module) -> None:
    """Xavier-uniform weights with gain sqrt 2 in 3x3 convolutions and 1 elsewhere, biases 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        inner = isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3)
        nn.init.xavier_uniform_(module.weight, 2**0.5 if inner else 1.0)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Up(nn.Module):
    """norm, ReLU, double, convolve, norm, ReLU, convolve; the shortcut doubles too."""

    def __init__(self, width: int, norm: str) -> None:
        super().__init__()
        normalise = normalisation(NORMS_2D, norm)
        self.before = nn.Sequential(normalise(width), nn.ReLU())
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.between = nn.Sequential(normalise(width), nn.ReLU())
        self.outer = nn.Conv2d(width, width, 3, padding=1)
        self.shortcut = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.inner(F.interpolate(self.before(x), scale_factor=2))
        # A 1x1 convolution commutes with nearest upsampling and is cheaper before it.
        return self.outer(self.between(h)) + F.interpolate(self.shortcut(x), scale_factor=2)


class Down(nn.Module):
    """norm, ReLU, convolve, norm, ReLU, convolve, and halve where asked.

    The first block of a discriminator sees the picture itself, without norm and ReLU before it.
    """

    def __init__(self, inputs: int, width: int, norm: str, first: bool, halve: bool) -> None:
        super().__init__()
        normalise = normalisation(NORMS_2D, norm)
        self.before = nn.Identity() if first else nn.Sequential(normalise(inputs), nn.ReLU())
        self.inner = nn.Conv2d(inputs, width, 3, padding=1)
        self.between = nn.Sequential(normalise(width), nn.ReLU())
        self.outer = nn.Conv2d(width, width, 3, padding=1)
        learnt = halve or inputs != width
        self.shortcut = nn.Conv2d(inputs, width, 1) if learnt else nn.Identity()
        self.pool: nn.Module = nn.AvgPool2d(2) if halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.outer(self.between(self.inner(self.before(x))))
        return self.pool(h) + self.shortcut(self.pool(x))


class Pool(nn.Module):
    """The mean or the sum over all places of a picture: (N, C, H, W) to (N, C).

    Raises ConfigError for another way.
    """

    def __init__(self, pool: str) -> None:
        super().__init__()
        if pool not in {"mean", "sum"}:
            raise ConfigError(f"pool={pool}: use mean or sum")
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)) if self.pool == "mean" else x.sum((2, 3))


class Generator(nn.Sequential):
    """z (N, latent) to pictures (N, C, H, W) in [-1, 1]."""

    pictures_only: ClassVar[bool] = True

    name: ClassVar[str] = "resnet"

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int, norm: str) -> None:
        channels, coarsest, doublings = picture(shape, self.name, least=4)
        super().__init__(
            nn.Linear(latent, width * coarsest**2),
            nn.Unflatten(1, (width, coarsest, coarsest)),
            *(Up(width, norm) for _ in range(doublings)),
            normalisation(NORMS_2D, norm)(width),
            nn.ReLU(),
        )
        self.apply(initialise)
        output = nn.Conv2d(width, channels, 3, padding=1)
        initialise(output)
        nn.init.xavier_uniform_(output.weight)  # no ReLU follows, so no gain
        self.extend([output, nn.Tanh()])


class Discriminator(nn.Module):
    """Pictures (N, C, H, W) to (N, outputs): halved to 7..15 pixels, two more blocks, `pool`."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        width: int,
        norm: str,
        dropout: float,
        pool: str = "mean",
    ) -> None:
        super().__init__()
        channels, _, doublings = picture(shape, "resnet", least=4)
        blocks: list[nn.Module] = [Down(channels, width, norm, first=True, halve=True)]
        for halve in [True] * (doublings - 2) + [False] * 2:
            blocks += [Down(width, width, norm, first=False, halve=halve), *dropped(dropout)]
        self.features = nn.Sequential(*blocks, nn.ReLU(), Pool(pool))
        self.head = Head(width, outputs)
        self.apply(initialise)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
