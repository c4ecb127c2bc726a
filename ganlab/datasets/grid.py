"""Gaussians on a square grid."""

import torch

from ganlab.datasets.points import Mixture


class Grid(Mixture):
    """`side` x `side` Gaussians, `step` apart, around the origin.

    PacGAN (Lin, Khetan, Fanti & Oh 2018, arXiv:1712.04086), section 4.1: 5 x 5 modes, 2 apart,
    deviation 0.05.
    """

    def __init__(self, side: int, step: float, deviation: float):
        ticks = (torch.arange(side) - (side - 1) / 2) * step
        super().__init__("grid", torch.cartesian_prod(ticks, ticks), deviation)
