"""The sliced Wasserstein distance."""

import torch
from torch import Tensor

from ganlab.metrics.case import Case
from ganlab.metrics.metric import Metric, Verdict

ROWS = 1000


class SWD(Metric):
    """The Wasserstein-2 distance of projections on random lines, a root mean square over lines.

    Of pictures with pixels in [-1, 1], or of points, as they are kept. A shift by v in D dimensions
    is a distance of |v| / sqrt(D). Bonneel et al. 2015, Sliced and Radon Wasserstein Barycenters
    of Measures; Deshpande et al. 2018, arXiv:1803.11188.
    """

    gives = ("swd",)
    judges = frozenset({"pictures", "points"})
    by_features = False

    def __init__(self, projections: int):
        self.projections = projections

    def __call__(self, case: Case) -> Verdict:
        real, fake = case.real.samples, case.fake.samples
        generator = torch.Generator().manual_seed(case.seed)
        lines = torch.randn(real[0].numel(), self.projections, generator=generator)
        lines /= lines.norm(dim=0)
        squares = squared_wasserstein(project(real, lines), project(fake, lines))
        return {"swd": float(squares.mean().sqrt())}


def project(samples: Tensor, lines: Tensor) -> Tensor:
    """Where samples (N, ...) lie on each of the lines (D, P): (N, P), sorted."""
    parts = [flat(rows) @ lines for rows in samples.split(ROWS)]
    return torch.cat(parts).sort(0).values


def flat(samples: Tensor) -> Tensor:
    """(N, D) float32, pixels in [-1, 1]."""
    scaled = samples / 127.5 - 1 if samples.dtype == torch.uint8 else samples
    return scaled.flatten(1)


def squared_wasserstein(x: Tensor, y: Tensor) -> Tensor:
    """Squared Wasserstein-2 distances (P,) between columns of sorted (N, P) and (M, P)."""
    n, m = len(x), len(y)
    # Both quantile functions are constant between two of the levels i / N and j / M; times N M
    # the levels are whole numbers, so that no rounding moves a sample.
    levels = torch.cat([torch.arange(n) * m, torch.arange(m + 1) * n]).unique()
    starts, widths = levels[:-1], levels.diff()
    gaps = x[starts // m] - y[starts // n]
    return (gaps.square() * widths[:, None]).sum(0, dtype=torch.float64) / (n * m)
