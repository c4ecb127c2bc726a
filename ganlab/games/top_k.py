"""A generator that learns from its best samples only."""

import math
from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor

from ganlab.games.game import Batch, Turn
from ganlab.games.gan import GAN
from ganlab.processes import joined_rows


class TopK(GAN):
    """A GAN whose generator's loss is that of the k samples of the whole batch that score best.

    k is ceil(kept n) of n samples, and at least 1; the share `kept` starts at 1 and is multiplied
    by `factor` every `every` rounds, down to `least`. Sinha et al. 2020, Top-k Training of GANs,
    arXiv 2002.06224, algorithm 1.
    """

    pairs: ClassVar[bool] = False

    def __init__(self, least: float, factor: float, every: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.least, self.factor, self.period = least, factor, every
        self.kept = 1.0

    def round(self, number: int, batches: Iterator[Batch]) -> Iterator[Turn]:
        self.kept = max(self.least, self.factor ** ((number - 1) // self.period))
        yield from super().round(number, batches)

    def persuasion(self, fake: Batch, real: Batch) -> Tensor:
        return self.loss.generator(best(self.logits(fake), self.kept))


def best(logits: Tensor, kept: float) -> Tensor:
    """The logits of the share of samples, of all processes, that score best, best first."""
    logits = joined_rows(logits)
    scores = logits.detach().reshape(len(logits), -1).mean(1)
    return logits[scores.topk(max(math.ceil(kept * len(scores)), 1)).indices]
