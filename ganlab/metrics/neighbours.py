"""Neighbours in feature space; no more than a band of all distances is ever held."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from ganlab.metrics.metric import Impossible

ROWS = 1024
AHEAD = 5

_nearest = WeakTensorKeyDictionary()
"""Of features: the squared distances (N, at least AHEAD + 1) to themselves and their nearest."""


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """(n, m), of features (n, D) and (m, D)."""
    centre = y.mean(0)  # far from the origin the squares would swallow the differences
    x, y = x - centre, y - centre
    products = torch.addmm(y.square().sum(1), x, y.T, alpha=-2)
    return products.add_(x.square().sum(1, keepdim=True)).clamp_(min=0)


def radii(features: Tensor, k: int) -> Tensor:
    """Squared distances (N,) to the k-th nearest other sample, kept while the features live.

    Raises `Impossible` where there are not so many others.
    """
    if len(features) <= k:
        raise Impossible(f"{len(features)} samples have no {k} neighbours each; ask for more")
    found = _nearest.get(features)
    if found is None or found.shape[1] <= k:
        most = min(max(k, AHEAD) + 1, len(features))  # itself is the first
        bands = (squared_distances(rows, features) for rows in features.split(ROWS))
        found = torch.cat([band.topk(most, largest=False).values for band in bands])
        _nearest[features] = found
    return found[:, k]


def share_inside(queries: Tensor, features: Tensor, k: int) -> float:
    """The share of queries that lie in some ball."""
    return float(torch.cat([band.any(1) for band in inside(queries, features, k)]).double().mean())


def inside(queries: Tensor, features: Tensor, k: int) -> Iterator[Tensor]:
    """Which queries lie in which balls: bands (n, M), from the first n queries on.

    Around each of the M features is a ball that just reaches its k-th nearest other.
    """
    reach = radii(features, k)
    for rows in queries.split(ROWS):
        yield squared_distances(rows, features) <= reach
