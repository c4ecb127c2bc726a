"""Whether samples are copies of training pictures."""

import numpy as np
import torch
from torch import Tensor

from ganlab.metrics.case import Case, Training
from ganlab.metrics.extracted import features_of
from ganlab.metrics.metric import Impossible, Metric, Verdict
from ganlab.metrics.neighbours import squared_distances
from ganlab.metrics.sheet import sheet

LEAST = 100
COLUMNS = 10


class Memorisation(Metric):
    """Whether fakes are nearer to the training pictures than held-out pictures are.

    `memorisation` is the probability that a fake is the nearer of the two: 0.5 for what is new, 1
    for copies. `copied` is the share of fakes nearer than 99% of the held-out pictures; 0.01 is to
    be expected. Distances are those of features, mirror images included, of the first `samples` of
    each side. Samples that keep to where training pictures are dense are nearer too, without being
    copies: look at the sheet. Meehan et al. 2020, A Non-Parametric Test to Detect Data-Copying in
    Generative Models, arXiv:2004.05675, section 3.1.
    """

    gives = ("memorisation", "copied")

    def __init__(self, samples: int):
        self.samples = samples

    def __call__(self, case: Case) -> Verdict:
        held_out = features_of(case.held_out)
        if len(held_out) < LEAST:
            raise Impossible(
                f"{len(held_out)} held-out pictures are too few for the nearest hundredth of them; "
                f"{LEAST} are needed: raise dataset.held_out"
            )
        fake, held_out = features_of(case.fake)[: self.samples], held_out[: self.samples]
        distances, rows = nearest(torch.cat([fake, held_out]), case.training)
        ours, theirs = distances.split([len(fake), len(held_out)])
        return {
            "memorisation": nearer(ours, theirs),
            "copied": float((ours < theirs.quantile(0.01)).double().mean()),
            "neighbours": neighbours(case, ours, rows[: len(fake)]),
        }


def nearest(queries: Tensor, training: Training) -> tuple[Tensor, Tensor]:
    """The squared distance (Q,) to the nearest training picture, mirrored or not, and its row."""
    least = torch.full((len(queries),), torch.inf)
    rows = torch.zeros(len(queries), dtype=torch.int64)
    first = 0
    for pictures, mirrored in training.features():
        sides = (squared_distances(queries, features) for features in (pictures, mirrored))
        distances, found = torch.minimum(*sides).min(1)
        rows = torch.where(distances < least, found + first, rows)
        least = torch.minimum(distances, least)
        first += len(pictures)
    return least, rows


def nearer(ours: Tensor, theirs: Tensor) -> float:
    """P(a < b) + P(a = b) / 2 of independent draws: Mann and Whitney's U, as a share."""
    theirs = theirs.sort().values
    not_above, below = (torch.searchsorted(theirs, ours, right=r).double() for r in (True, False))
    return float(1 - (not_above + below).mean() / (2 * len(theirs)))


def neighbours(case: Case, distances: Tensor, rows: Tensor) -> np.ndarray:
    """The most suspicious samples and the most ordinary, each above its nearest picture."""
    order = distances.argsort()
    middle = max(0, (len(order) - COLUMNS) // 2)
    chosen = {
        "nearest to a training picture": order[:COLUMNS],
        "typical": order[middle : middle + COLUMNS],
    }
    return sheet(
        {
            f"{words}: sample above, training picture below": (
                case.fake.samples[index],
                case.training.pictures(rows[index]),
            )
            for words, index in chosen.items()
        }
    )
