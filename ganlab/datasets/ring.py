"""Gaussians on a circle."""

import math

import torch

from ganlab.datasets.points import Mixture


class Ring(Mixture):
    """`modes` Gaussians evenly spaced on a circle of `radius`, from (radius, 0) on.

    PacGAN (Lin, Khetan, Fanti & Oh 2018, arXiv:1712.04086), section 4.1: 8 modes, radius 1,
    deviation 0.01.
    """

    def __init__(self, modes: int, radius: float, deviation: float):
        angles = torch.arange(modes, dtype=torch.float64) * (2 * math.pi / modes)  # 2 pi left out
        centres = radius * torch.stack([angles.cos(), angles.sin()], dim=1)
        super().__init__("ring", centres.float(), deviation)
