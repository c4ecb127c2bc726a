"""A flow: a game of one player, which raises the likelihood of real samples."""

import math
from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor, nn

from ganlab.draws import uniform
from ganlab.games.game import Batch, Game, Turn

LEVELS = 127.5
"""Levels of grey in a unit of a picture's values, which are 256 levels from -1 to 1."""


class RealNVP(Game):
    """The generator is invertible, and so has an exact likelihood to be trained by.

    That of pictures is of their 256 levels: noise makes them continuous, which bounds it from
    below. A prior without dimension is given that of the samples. Dinh, Sohl-Dickstein & Bengio
    2017, arXiv 1605.08803, equations 2 and 3.
    """

    players = ("flow",)
    asks: ClassVar = {"network": ("encode",), "prior": ("log_density",)}
    as_wide = True
    generator: Any

    def __init__(self, network: Any, shape: tuple[int, ...], prior: Any) -> None:
        super().__init__()
        self.size = math.prod(shape)
        prior.dim = prior.dim or self.size
        self.generator = network.generator(prior.dim, shape)
        self.prior = prior

    def movable(self, player: str) -> list[nn.Parameter]:
        return list(self.generator.parameters())

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        yield Turn("flow", {"bits_per_dimension": self.bits(next(batches)["data"]).mean()})

    def bits(self, real: Tensor) -> Tensor:
        """Minus the log-likelihood (N,) of samples, to base 2, a dimension."""
        of_levels = real.dim() == 4
        z, log_volume = self.generator.encode(dequantised(real) if of_levels else real)
        log_density = (self.prior.log_density(z) + log_volume) / self.size
        return (math.log(LEVELS) * of_levels - log_density) / math.log(2)


def dequantised(pictures: Tensor) -> Tensor:
    """Pictures (N, C, H, W) of 256 levels, each value evenly spread over its level."""
    return pictures + (uniform(pictures, *pictures.shape[1:]) - 0.5) / LEVELS
