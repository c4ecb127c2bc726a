"""The game of StyleGAN2: styles mixed between codes, and paths of even length."""

import itertools
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from ganlab.draws import normal
from ganlab.games.game import Batch, Turn
from ganlab.games.gan import GAN
from ganlab.processes import Sum, count


class StyleGAN2(GAN):
    """A GAN whose generator maps noise to styles, and styles to pictures.

    With probability `mixing` a batch's finer layers take the styles of other codes (Karras et al.
    2019, arXiv:1812.04948, section 3.1). In every `path_every`-th round the generator has another
    turn, for the path length of a share 1 / `path_shrink` of a batch; `path_weight` 0 leaves it
    out. It is a turn, not a term, because the lazy correction of rates counts k + 1 steps in k
    rounds (Karras et al. 2020, arXiv:1912.04958, appendix B), and because the graph of the second
    derivative then never lies beside that of the loss.
    """

    asks: ClassVar = {
        **GAN.asks,
        "network": ("mapping", "per_layer", "synthesis", "truncated"),
    }
    generator: Any
    path_mean: Tensor
    truncation = 1.0

    def __init__(
        self,
        *,
        mixing: float,
        path_weight: float,
        path_every: int,
        path_decay: float,
        path_shrink: int,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self.mixing, self.path_weight, self.path_every = mixing, path_weight, path_every
        self.path_decay, self.path_shrink = path_decay, path_shrink
        self.register_buffer("path_mean", torch.zeros(()))

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        first = next(batches)
        yield from super().round(number, itertools.chain([first], batches))
        if self.path_weight and (number - 1) % self.path_every == 0:
            yield self.straighten(len(first["data"]))

    def every(self, player: str) -> int:
        if player == "generator" and self.path_weight:
            return self.path_every
        return super().every(player)

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, *shape) float32 samples of noise (n, latent), around [-1, 1] but not bounded by it.

        A `truncation` of 1 leaves the styles alone, 0 replaces them all by their mean.
        """
        w = self.generator.truncated(self.generator.mapping(z), self.truncation)
        return self.generator.synthesis(self.generator.per_layer(w))

    def fake(self, real: Batch) -> Batch:
        return {"data": self.generator.synthesis(self.styles(len(real["data"])))}

    def styles(self, n: int) -> Tensor:
        """(n, layers, W) to train with; all rows of a mixed batch change codes at one layer."""
        if not self.mixing:
            return self.generator.per_layer(self.generator.mapping(self.noise(n)))
        codes = torch.cat([self.noise(n), self.noise(n)])
        coarse, fine = self.generator.per_layer(self.generator.mapping(codes)).chunk(2)
        layers = torch.arange(coarse.shape[1], device=codes.device)
        crossover = torch.randint(1, len(layers), (), device=codes.device)
        mixed = torch.rand((), device=codes.device) < self.mixing
        return torch.where((mixed & (layers >= crossover))[:, None], fine, coarse)

    def persuade(self, real: Batch) -> Turn:
        turn = super().persuade(real)
        if self.path_weight:
            turn.measures["path_mean"] = self.path_mean.clone()
        return turn

    def straighten(self, n: int) -> Turn:
        """The generator's other turn: let equal steps in w change pictures equally.

        (length - moving mean)^2 times weight and interval, over a part of a batch of `n`, in full
        precision; equation 4. As released, the mean is followed before it is compared with. Memory
        peaks in proportion to that part: with 200 MB for half of 64 pictures of 32 pixels by the
        default network, where R1 in the discriminator's turn takes 280 MB.
        """
        with torch.autocast(self.device.type, enabled=False):
            styles = self.styles(max(1, n // self.path_shrink))
            lengths = path_lengths(self.generator.synthesis(styles), styles)
            batch = Sum.apply(lengths.mean()) / count()
            mean = torch.lerp(self.path_mean, batch, self.path_decay)
            squares = (lengths - mean).square()
        self.path_mean.copy_(mean.detach().where(mean.isfinite(), self.path_mean))
        return Turn(
            "generator", {"path_length": self.path_every * self.path_weight * squares.mean()}
        )


def path_lengths(pictures: Tensor, styles: Tensor) -> Tensor:
    """(N,): how far pictures (N, C, H, W) move in a random direction with styles (N, layers, W).

    The root of the mean over layers of |J^T y|^2, with y ~ N(0, 1 / (H W)); differentiable.
    """
    noise = normal(pictures, *pictures.shape[1:])
    heights = (pictures * noise).sum() / math.sqrt(pictures[0, 0].numel())
    (slopes,) = torch.autograd.grad(heights, styles, create_graph=True)
    return slopes.square().sum(2).mean(1).sqrt()
