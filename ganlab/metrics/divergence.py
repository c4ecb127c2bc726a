"""Divergences of samples from the known density of points."""

import math

import torch
from torch import Tensor

from ganlab.metrics.case import Case, Mixture
from ganlab.metrics.metric import Metric, Verdict

REACH = 5  # deviations from the outermost modes to the edge of the grid


class Divergence(Metric):
    """Divergences between the exact mass of each cell of a grid and the samples' share of it.

    `js`, Jensen-Shannon in nats, from 0 to ln 2, and `total_variation`, from 0 to 1, are bounded;
    n perfect samples over M cells still have a js of about M / 8n. `reverse_kl`, KL(samples ||
    density), is finite too, but a single sample far from all modes weighs as its squared distance
    in deviations. KL(density || samples) is left out: one cell without a sample makes it infinite.
    What is outside the grid is one more cell; what is finer than a cell goes unseen.
    """

    gives = ("js", "total_variation", "reverse_kl")
    judges = frozenset({"points"})
    by_features = False

    def __init__(self, cells: int):
        self.cells = cells

    def __call__(self, case: Case) -> Verdict:
        edges = grid(case.mixture, self.cells)
        log_p = log_masses(case.mixture, edges)
        p, q = log_p.exp(), shares(case.fake.samples, edges)
        js = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
        hit = q > 0
        return {
            "js": max(js, 0.0),
            "total_variation": float((p - q).abs().sum()) / 2,
            "reverse_kl": float((q[hit] * (q[hit].log() - log_p[hit])).sum()),
        }


def grid(mixture: Mixture, cells: int) -> Tensor:
    """The edges (2, cells + 1) along both axes."""
    modes, margin = mixture.modes.double(), REACH * mixture.deviation
    low, high = modes.amin(0) - margin, modes.amax(0) + margin
    steps = torch.linspace(0, 1, cells + 1, dtype=torch.float64)
    return low[:, None] + (high - low)[:, None] * steps


def log_masses(mixture: Mixture, edges: Tensor) -> Tensor:
    """The log of each cell's probability, (cells^2 + 1,); the last is all that is outside."""
    modes = mixture.modes.double()
    # (2, M, cells + 1): where the edges lie as seen from each mode, in deviations.
    x, y = (edges[:, None] - modes.T[:, :, None]) / mixture.deviation
    in_x, in_y = log_interval(x), log_interval(y)
    rows = [(column[:, None] + in_y).logsumexp(0) for column in in_x.T]
    outside_x, outside_y = outside(x), outside(y)
    beyond = (outside_x + (1 - outside_x) * outside_y).sum(0, keepdim=True)
    return torch.cat([*rows, beyond.log()]) - math.log(len(modes))


def outside(edges: Tensor) -> Tensor:
    """The normal probability (M,) beyond the first and the last of edges (M, cells + 1)."""
    return torch.special.ndtr(edges[:, 0]) + torch.special.ndtr(-edges[:, -1])


def log_interval(edges: Tensor) -> Tensor:
    """log of the normal probability (M, cells) between neighbouring edges (M, cells + 1)."""
    low, high = edges[:, :-1], edges[:, 1:]
    # In the right tail, where both are nearly 1, the mirrored interval has all the digits.
    low, high = torch.where(low > 0, -high, low), torch.where(low > 0, -low, high)
    below, above = torch.special.log_ndtr(low), torch.special.log_ndtr(high)
    return above + (-torch.expm1(below - above)).log()


def shares(points: Tensor, edges: Tensor) -> Tensor:
    """The share of points (N, 2) in each cell, (cells^2 + 1,); what is not finite is outside."""
    cells = edges.shape[1] - 1
    both = zip(points.double().unbind(1), edges, strict=True)
    x, y = (torch.bucketize(along.contiguous(), ticks) - 1 for along, ticks in both)
    inside = (x >= 0) & (x < cells) & (y >= 0) & (y < cells)
    cell = torch.where(inside, x * cells + y, cells**2)
    return torch.bincount(cell, minlength=cells**2 + 1).double() / len(points)


def entropy(p: Tensor) -> float:
    return float(torch.special.entr(p).sum())
