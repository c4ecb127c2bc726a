"""Batches that stand for larger ones."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ganlab.games.game import Batch, Turn
from ganlab.games.gan import GAN
from ganlab.processes import gathered, mine, whole


class SmallGAN(GAN):
    """A GAN that trains on coresets: of `oversampling` times as much, what covers it best.

    Noise is covered in its own space, real samples among the features that a fixed random
    projection makes of them, at most `features` of them: `oversampling` batches are drawn for each
    that is played. Coresets are of the whole batch, whatever the number of processes.
    Sinha et al. 2020, Small-GAN: Speeding up GAN Training using Core-Sets, arXiv:1910.13540,
    algorithms 1 and 2.
    """

    projection: Tensor

    def __init__(
        self, shape: tuple[int, ...], oversampling: int, features: int, **rest: Any
    ) -> None:
        super().__init__(shape=shape, **rest)
        self.oversampling, size = oversampling, math.prod(shape)
        random = torch.eye(size) if size <= features else torch.randn(size, features)
        self.register_buffer("projection", random)

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        return super().round(number, self.covering(batches))

    def covering(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """This process's rows of a coreset of each `oversampling` batches, all columns of them."""
        while True:
            drawn = [next(batches) for _ in range(self.oversampling)]
            large = {k: torch.cat([gathered(batch[k]) for batch in drawn]) for k in drawn[0]}
            with torch.autocast(self.device.type, enabled=False):
                points = large["data"].flatten(1) @ self.projection
            chosen = mine(coreset(points, len(points) // self.oversampling))
            yield {name: column[chosen] for name, column in large.items()}

    def noise(self, n: int) -> Tensor:
        z = self.prior(self.oversampling * whole(n), self.device)
        return mine(z[coreset(z, whole(n))])


@torch.no_grad()
def coreset(points: Tensor, size: int) -> Tensor:
    """Which of the points (N, D) to keep, int64 (size,): the first and then always the farthest.

    No point is then farther from the nearest that is kept than twice what is possible. Gonzalez
    1985, Clustering to Minimize the Maximum Intercluster Distance.
    """
    distances = torch.cdist(points, points)
    distances.fill_diagonal_(-1.0)  # what is kept is nearer than anything, and not kept again
    chosen = torch.zeros(1, dtype=torch.long, device=points.device)
    kept, nearest = [chosen], distances[0]
    for _ in range(size - 1):
        chosen = nearest.argmax(0, keepdim=True)
        nearest = nearest.minimum(distances.index_select(0, chosen)[0])
        kept.append(chosen)
    return torch.cat(kept)
