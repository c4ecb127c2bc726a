"""Strided convolutions, doubling or halving the resolution (Radford 2015, arXiv 1511.06434)."""

from typing import ClassVar

from torch import Tensor, nn

from ganlab.networks.layers import NORMS_2D, Head, dropped, normalisation, picture


def initialise(module: nn.Module) -> None:
    """Weights normal(0, .02), gains of norms normal(1, .02), biases 0 (section 4)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(gain := getattr(module, "weight", None), Tensor):
        nn.init.normal_(gain, 1.0, 0.02)
    if isinstance(bias := getattr(module, "bias", None), Tensor):
        nn.init.zeros_(bias)


def widths(width: int, doublings: int) -> list[int]:
    """Channels from the finest level to the coarsest: they double up to eightfold."""
    return [width * min(2**level, 8) for level in range(doublings)]


class Generator(nn.Sequential):
    """z (N, latent) to pictures (N, C, H, W) in [-1, 1]; no norm at the output."""

    pictures_only: ClassVar[bool] = True

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int, norm: str) -> None:
        channels, coarsest, doublings = picture(shape, "dcgan", least=4)
        normalise = normalisation(NORMS_2D, norm)
        bias = norm == "none"
        *finer, top = widths(width, doublings)
        layers: list[nn.Module] = [
            nn.Linear(latent, top * coarsest**2, bias=bias),
            nn.Unflatten(1, (top, coarsest, coarsest)),
            normalise(top),
            nn.ReLU(),
        ]
        for wide, narrow in zip([top, *reversed(finer)], reversed(finer), strict=False):
            layers += [
                nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=bias),
                normalise(narrow),
                nn.ReLU(),
            ]
        super().__init__(*layers, nn.ConvTranspose2d(width, channels, 4, 2, 1), nn.Tanh())
        self.apply(initialise)


class Discriminator(nn.Module):
    """Pictures (N, C, H, W) to (N, outputs); no norm at the input."""

    def __init__(
        self, shape: tuple[int, int, int], outputs: int, width: int, norm: str, dropout: float
    ) -> None:
        super().__init__()
        channels, coarsest, doublings = picture(shape, "dcgan", least=4)
        normalise = normalisation(NORMS_2D, norm)
        narrow, *wider = widths(width, doublings)
        layers: list[nn.Module] = [nn.Conv2d(channels, narrow, 4, 2, 1), nn.LeakyReLU(0.2)]
        layers += dropped(dropout)
        for wide in wider:
            layers += [
                nn.Conv2d(narrow, wide, 4, 2, 1, bias=norm == "none"),
                normalise(wide),
                nn.LeakyReLU(0.2),
                *dropped(dropout),
            ]
            narrow = wide
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.head = Head(narrow * coarsest**2, outputs)
        self.apply(initialise)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
