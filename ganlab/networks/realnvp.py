"""A flow of affine couplings, for pictures and for vectors (Dinh 2017, arXiv 1605.08803)."""

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganlab.errors import ConfigError
from ganlab.networks.couplings import (
    Couplings,
    checkerboard,
    convolutional,
    dense,
    halves,
    parities,
)
from ganlab.networks.layers import picture

COUPLINGS = 8
"""Of vectors; pictures have three before and after each halving, and four at the coarsest scale."""
LEVELS = 255
"""From black, -1, to white, 1."""
MARGIN = 0.05
"""Pictures lie in MARGIN..1 - MARGIN before the logit (section 4.1)."""
DIAGONALS = [0, 3, 1, 2]
"""Which of a square of four pixels come first."""
DIAGONALS_BACK = [DIAGONALS.index(k) for k in range(4)]


class Flow(nn.Module):
    """z (N, latent) to samples (N, *shape) and back, as many dimensions here as there.

    Pictures lie in [-1, 1]. Raises ConfigError for another `latent`.
    """

    as_wide: ClassVar[bool] = True
    """Whether noise must have as many dimensions as samples."""

    def __init__(
        self, latent: int, shape: tuple[int, ...], width: int, depth: int, norm: str
    ) -> None:
        super().__init__()
        if latent != (size := math.prod(shape)):
            raise ConfigError(
                f"model.latent={latent}: a flow's noise has as many dimensions as its samples, "
                f"{size} here; use model.latent={size}, or another network than realnvp"
            )
        self.shape = shape
        self.flow: nn.Module
        if len(shape) == 3:
            channels, coarsest, halvings = picture(shape, "realnvp", least=4, fewest=1)
            self.flow = Scale(channels, coarsest * 2**halvings, halvings, width, depth, norm)
        else:
            self.flow = Couplings(
                (parities(size, k), dense(size, width, depth, norm)) for k in range(COUPLINGS)
            )

    def forward(self, z: Tensor) -> Tensor:
        """Samples of noise."""
        x = self.flow.inverse(z.view(-1, *self.shape))  # type: ignore[operator]
        return bounded(x) if len(self.shape) == 3 else x

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The noise (N, latent) of samples, and (N,) log |det dz/dx| of each.

        Pictures are dequantised: their values reach half a level beyond [-1, 1].
        """
        gained = x.new_zeros(len(x))
        if len(self.shape) == 3:
            x, gained = unbounded(x)
        z, more = self.flow(x)
        return z.flatten(1), gained + more


class Scale(nn.Module):
    """Couplings of checkerboards, then of channels at half the resolution, then coarser scales.

    Half of the channels are noise already, and the others go on (section 3.6); the noise is (N,
    *shape) like the picture, the finest scale first.
    """

    def __init__(
        self, channels: int, side: int, halvings: int, width: int, depth: int, norm: str
    ) -> None:
        super().__init__()
        sizes = (width, depth, norm)
        count = 3 if halvings else 4
        self.fine = Couplings(
            (checkerboard(side, channels, k), convolutional(channels, *sizes)) for k in range(count)
        )
        self.coarse: Couplings | None = None
        if halvings:
            self.coarse = Couplings(
                (halves(4 * channels, k), convolutional(4 * channels, *sizes)) for k in range(3)
            )
            self.rest = Scale(2 * channels, side // 2, halvings - 1, *sizes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x, gained = self.fine(x)
        if self.coarse is None:
            return x, gained
        y, more = self.coarse(squeezed(x))
        done, going_on = y.chunk(2, dim=1)
        rest, most = self.rest(going_on)
        z = torch.cat([done.flatten(1), rest.flatten(1)], 1)
        return z.view_as(x), gained + more + most

    def inverse(self, z: Tensor) -> Tensor:
        if self.coarse is None:
            return self.fine.inverse(z)
        n, channels, height, width = z.shape
        done, rest = z.flatten(1).view(n, 2, 2 * channels, height // 2, width // 2).unbind(1)
        y = torch.cat([done, self.rest.inverse(rest)], 1)
        return self.fine.inverse(unsqueezed(self.coarse.inverse(y)))


def squeezed(x: Tensor) -> Tensor:
    """Pictures (N, C, H, W) as (N, 4 C, H/2, W/2): each square of four pixels as channels."""
    n, channels, height, width = x.shape
    squares = x.view(n, channels, height // 2, 2, width // 2, 2).permute(0, 3, 5, 1, 2, 4)
    squares = squares.reshape(n, 4, channels, height // 2, width // 2)[:, DIAGONALS]
    return squares.flatten(1, 2)


def unsqueezed(y: Tensor) -> Tensor:
    """What was squeezed."""
    n, channels, height, width = y.shape
    squares = y.view(n, 4, channels // 4, height, width)[:, DIAGONALS_BACK]
    squares = squares.view(n, 2, 2, channels // 4, height, width).permute(0, 3, 4, 1, 5, 2)
    return squares.reshape(n, channels // 4, 2 * height, 2 * width)


def unbounded(x: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of dequantised pictures, and log |det| of each."""
    shares = ((x + 1) * (LEVELS / 2) + 0.5) / (LEVELS + 1)
    shares = MARGIN + (1 - 2 * MARGIN) * shares
    slope = (1 - 2 * MARGIN) * (LEVELS / 2) / (LEVELS + 1)
    y = torch.logit(shares)
    gained = math.log(slope) + F.softplus(y) + F.softplus(-y)
    return y, gained.flatten(1).sum(1)


def bounded(y: Tensor) -> Tensor:
    """Pictures of logits, in [-1, 1]."""
    shares = (torch.sigmoid(y) - MARGIN) / (1 - 2 * MARGIN)
    x = (shares * (LEVELS + 1) - 0.5) / (LEVELS / 2) - 1
    return x.clamp(-1, 1)
