"""A look at the players as they train, from which alarms learn what losses do not say."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor

from ganlab import processes
from ganlab.games.game import Batch, Game
from ganlab.sampling import CHUNK, draw, forked

NEARBY = 0.25
"""Samples are alike within this share of the mean distance of real samples."""


class Probe:
    """Measures of the raw players; they are left exactly as they were, random states included.

    `diversity` is the entropy of samples over that of real ones: 0 where all are one, 1 where they
    are as diverse.

    `real` are training samples, `held_out` others if there are any, as columns; `precision` is the
    context of training. The players stay in training mode: a discriminator with batch
    normalisation has learnt from batches of one kind, and its moving statistics, which mix real
    and fake samples, would make its scores meaningless.
    """

    def __init__(
        self,
        real: Batch,
        held_out: Batch | None,
        samples: int,
        seed: int,
        precision: Callable[[], AbstractContextManager],
    ) -> None:
        self.real, self.held_out = real, held_out
        self.samples, self.seed, self.precision = samples, seed, precision
        self.scale = NEARBY * float(distances(real["data"]).mean())
        self.variety = entropy(real["data"], self.scale) if self.scale else 0.0

    def __call__(self, game: Game) -> dict[str, float]:
        """`diversity`; given logits `accuracy` and `slope`; given held-out data `overfitting`."""
        with unmoved(game), self.precision():
            fake = drawn_like(game, self.real, self.samples, self.seed)
            found = {}
            if self.variety:
                found["diversity"] = entropy(fake["data"], self.scale) / self.variety
            if hasattr(game, "scores"):
                scores = {"real": scored(game, self.real), "fake": scored(game, fake)}
                found["accuracy"] = accuracy(**scores)
                found["slope"] = slope(game.loss, **scores)
                if self.held_out is not None:
                    held_out = scored(game, self.held_out)
                    found["overfitting"] = overfitting(**scores, held_out=held_out)
        return found


@contextmanager
def unmoved(game: Game) -> Iterator[None]:
    """Inside, a game may compute as in training; its buffers and all noise are then put back."""
    buffers = list(game.buffers())
    before = [buffer.clone() for buffer in buffers]
    try:
        with torch.no_grad(), processes.alone(), forked():
            yield
    finally:
        for buffer, content in zip(buffers, before, strict=True):
            buffer.copy_(content)


def drawn_like(game: Game, real: Batch, n: int, seed: int) -> Batch:
    """`n` samples of a game, with the labels of real ones where it draws by label."""
    if not game.labelled:
        return {"data": draw(game, n, seed)}
    label = real["label"].repeat(-(-n // len(real["label"])))[:n]
    return {"data": draw(game, n, seed, label), "label": label}


def scored(game: Any, samples: Batch) -> Tensor:
    """The scores (N,) of samples, in equal batches of at most `CHUNK`, on the CPU."""
    n = len(samples["data"])
    parts = zip(*(column.chunk(-(-n // CHUNK)) for column in samples.values()), strict=True)
    batches = ({k: c.to(game.device) for k, c in zip(samples, part, strict=True)} for part in parts)
    return torch.cat([game.scores(batch).cpu() for batch in batches])


def entropy(samples: Tensor, scale: float) -> float:
    """The logarithm of the effective number of distinct samples (N, ...), in nats.

    It is ln k for k equal groups that lie far apart compared with `scale`. That number is the
    Vendi score of order 2 (Pasarkar & Dieng 2023, arXiv 2310.12952): one over the mean squared
    similarity, with similarities exp(-d^2 / (2 scale^2)).
    """
    return float(distances(samples).div(scale).square().neg().exp().mean().reciprocal().log())


def distances(samples: Tensor) -> Tensor:
    """The Euclidean distances (N, N) between samples (N, ...)."""
    flat = (samples - samples[:1]).flatten(1)  # shifted, so that equal samples are at no distance
    return torch.cdist(flat, flat)


def accuracy(real: Tensor, fake: Tensor) -> float:
    """How often a real sample has the greater score (N,) than a fake one; ties count half.

    It needs no threshold, and so is the same for classifiers and critics.
    """
    differences = real[:, None] - fake
    return float((differences.sign().mean() + 1) / 2)


def slope(loss: Any, real: Tensor, fake: Tensor) -> float:
    """How much of a discriminator's slope the generator's loss passes on: |dL/dD(fake)|, a mean.

    It is 1 for linear losses and at most 1 for logistic ones: that of minimax vanishes where fakes
    are recognised, the non-saturating one stays.
    """
    logits = fake.clone().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(loss.generator(logits, real), logits)
    return float(gradient.abs().sum())


def overfitting(real: Tensor, fake: Tensor, held_out: Tensor) -> float:
    """Where mean scores of held-out samples lie: 0 at training samples, 1 at fakes.

    Karras et al. 2020, arXiv 2006.06676, equation 1: r_v. It is 0 too where the scores of training
    samples are not above those of fakes, for then nothing was learnt by heart.
    """
    gap = real.mean() - fake.mean()
    return float((real.mean() - held_out.mean()) / gap) if gap > 0 else 0.0
