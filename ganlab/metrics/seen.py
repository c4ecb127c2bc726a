"""What is remembered of a stream of samples, in memory that does not grow with their number."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

MOST_KEPT = 10_000
SPLITS = 10


class Moments:
    """Count, mean and covariance of features, accumulated in float64 (Chan et al. 1979, eq. 2)."""

    def __init__(self, dimensions: int) -> None:
        self.count = 0
        self.mean = torch.zeros(dimensions, dtype=torch.float64)
        self.scatter = torch.zeros(dimensions, dimensions, dtype=torch.float64)

    def add(self, features: Tensor) -> None:
        """Take in (n, D) features."""
        features = features.double()
        n, mean = len(features), features.mean(0)
        centred, shift = features - mean, mean - self.mean
        total = self.count + n
        self.scatter += centred.T @ centred
        self.scatter += torch.outer(shift, shift) * (self.count * n / total)
        self.mean += shift * (n / total)
        self.count = total

    @property
    def covariance(self) -> Tensor:
        """(D, D), unbiased."""
        return self.scatter / (self.count - 1)


class Answers:
    """What a classifier answered: sums of its probabilities over ten splits, by place.

    `total` is how many samples will come, which decides where the splits lie.
    """

    def __init__(self, classes: int, total: int) -> None:
        self.total, self.count = total, 0
        self.counts = torch.zeros(SPLITS, dtype=torch.float64)
        self.probabilities = torch.zeros(SPLITS, classes, dtype=torch.float64)
        self.entropies = torch.zeros(SPLITS, dtype=torch.float64)
        self.histogram = torch.zeros(classes, dtype=torch.int64)

    def add(self, logits: Tensor, places: Tensor | None = None) -> None:
        """Take in (n, K) logits; `places` (n,) are theirs among all, by default the next."""
        log_p = logits.double().log_softmax(1)
        p = log_p.exp()
        if places is None:
            places = torch.arange(self.count, self.count + len(p))
        split = ((places + 1) * SPLITS - 1).div(self.total, rounding_mode="floor")
        self.counts.index_add_(0, split, torch.ones(len(p), dtype=torch.float64))
        self.probabilities.index_add_(0, split, p)
        self.entropies.index_add_(0, split, -(p * log_p).sum(1))
        self.histogram += torch.bincount(logits.argmax(1), minlength=len(self.histogram))
        self.count += len(p)


@dataclass
class Seen:
    """One side of a case: how many samples there were, and what is kept of them.

    `samples` are `MOST_KEPT` of them in random order, uint8 (k, C, H, W) or float32 points (k, 2);
    `features` (k, D) are theirs, `moments` and `answers` those of all. Without an extractor there
    are none.
    """

    count: int
    samples: Tensor
    features: Tensor | None = None
    moments: Moments | None = None
    answers: Answers | None = None

    def state(self) -> dict[str, Any]:
        """All but the samples, as tensors and numbers."""
        moments, answers = (vars(part) if part else None for part in (self.moments, self.answers))
        facts = {"count": self.count, "features": self.features}
        return {**facts, "moments": moments, "answers": answers}


def restored(state: dict[str, Any], samples: Tensor) -> Seen:
    """What was seen, from its state and the samples that belong to it."""
    moments, answers = Moments(0), Answers(0, 0)
    vars(moments).update(state["moments"])
    vars(answers).update(state["answers"])
    return Seen(state["count"], samples, state["features"], moments, answers)


class Extractor(Protocol):
    """What turns pictures into features (N, D) and logits (N, K)."""

    dimensions: int
    classes: tuple[str, ...]

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]: ...


def see(chunks: Iterable[Tensor], total: int, extractor: Extractor | None = None) -> Seen:
    """Look at `total` samples, some at a time; their order, such as by class, means nothing."""
    seen = Seen(0, torch.empty(0))
    if extractor:
        seen.moments = Moments(extractor.dimensions)
        seen.answers = Answers(len(extractor.classes), total)
    samples, features, kept = [], [], []
    place = shuffled(total).argsort()
    for chunk in chunks:
        places = place[seen.count : seen.count + len(chunk)]
        keep = places < MOST_KEPT
        kept.append(places[keep])
        samples.append(chunk[keep])
        if extractor and seen.moments and seen.answers:
            found, logits = extractor(chunk)
            features.append(found[keep])
            seen.moments.add(found)
            seen.answers.add(logits, places)
        seen.count += len(chunk)
    order = torch.cat(kept).argsort()
    seen.samples = torch.cat(samples)[order]
    seen.features = torch.cat(features)[order] if extractor else None
    return seen


def shuffled(total: int) -> Tensor:
    """The numbers of `total` samples in an order that is random and always the same."""
    return torch.randperm(total, generator=torch.Generator().manual_seed(0))
